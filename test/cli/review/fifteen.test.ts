/** What fifteen tickets cost a person: keys in a review, and keys of the commands that do the same. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { quietMs } from '../../../src/cli/review/state.ts';
import { testDatabase } from '../../support/database.ts';
import { openScreen } from '../../support/screen.ts';
import { hasTerminal } from '../../support/terminal.ts';
import { insertDecision } from '../known.ts';
import { plantScene } from './scene.ts';

const { db, url } = await testDatabase();

/** Ten tickets with a suggestion, five without, and what was done about these. */
const suggested = 10;
const others = 5;
const prose = 'made room';

async function plant(): Promise<void> {
  const { bot, knowledge } = await plantScene(db, suggested + others - 1);
  const findings = await db
    .selectFrom('bot_findings')
    .select('id')
    .where('fingerprint', 'like', 'plain-%')
    .limit(suggested - 1)
    .execute();
  for (const { id: finding } of findings) await insertDecision(db, { bot, finding, knowledge });
}

test.skipIf(!hasTerminal)(
  'a review takes as many keys as its page says, and so do the commands',
  async () => {
    await plant();
    const screen = await openScreen(url, ['tickets', 'review', '--as', 'me']);
    let inReview = 0;
    let asCommands = 'npx roundsman tickets list\r'.length;
    const press = (keys: string) => {
      inReview += keys.length;
      screen.press(keys);
    };
    const typeCommand = (command: string) => (asCommands += `npx roundsman ${command}\r`.length);
    for (let at = 0; at < suggested + others; at += 1) {
      await screen.shows(/^ T-\d+ /);
      await sleep(quietMs + 50);
      const [name] = /T-\d+/.exec(screen.row(0))!;
      typeCommand(`tickets show ${name}`);
      if (screen.text().includes('a approves')) {
        press('a');
        typeCommand(`tickets approve ${name} --yes`);
      } else {
        press('r');
        await screen.shows('What helped?');
        press('n');
        await screen.shows('what was done:');
        press(prose);
        await screen.shows(prose);
        press('\r');
        typeCommand(`tickets resolve ${name} --with none --notes "${prose}"`);
      }
      await screen.hides(` ${name} `);
    }
    await screen.shows('That was the last one');
    const rows = await db
      .selectFrom('bot_tickets')
      .select('status')
      .where('resolution_notes', '=', prose)
      .execute();
    expect(rows.map(({ status }) => status)).toEqual(
      Array.from({ length: others }, () => 'resolved'),
    );
    const page = readFileSync(
      fileURLToPath(new URL('../../../docs/operations.md', import.meta.url)),
      'utf8',
    );
    expect(page.replaceAll(/\s+/g, ' ')).toContain(
      `Fifteen tickets, ten of them with a suggestion, take ${inReview} keys in a review, and ${asCommands.toLocaleString('en')} as commands.`,
    );
  },
  180_000,
);
