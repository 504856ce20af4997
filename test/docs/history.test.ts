/** The commands of docs/history.md run as they stand there. */
import { readFileSync } from 'node:fs';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { loadCatalogue } from '../../src/cli/session/catalogue.ts';
import { registerCatalogue } from '../../src/schedule/register.ts';
import { testDatabase } from '../support/database.ts';
import { roundsman } from '../cli/command.ts';

const page = readFileSync(new URL('../../docs/history.md', import.meta.url), 'utf8');
const commands = [...page.matchAll(/^ {4}npx roundsman (.+)$/gm)].map(([, words]) => words!);

test('each command of the page ends well', { timeout: 240_000 }, async () => {
  const { db, url } = await testDatabase();
  await registerCatalogue(db, await loadCatalogue());
  await sql`UPDATE bots SET priority = 3 WHERE name = 'ledger'`.execute(db);
  await sql`UPDATE bot_knowledge SET solution = 'Ask the owner.' WHERE name = 'ledger.cached-credits'`.execute(
    db,
  );
  await sql`UPDATE engine.settings SET value = value || '{"cooldown_minutes": 9}' WHERE key = 'healing'`.execute(
    db,
  );
  expect(commands.length).toBeGreaterThan(8);
  for (const command of commands) {
    const words = command.split(' ');
    const yes = words[1] === 'revert' && !words.includes('--yes') ? ['--yes'] : [];
    expect({ command, ...(await roundsman(url, ...words, ...yes)) }).toMatchObject({
      command,
      code: 0,
    });
  }
});
