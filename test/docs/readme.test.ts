import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import type { Bot } from '../../src/bot.ts';
import { runCheck } from '../support/check.ts';
import { testDatabase } from '../support/database.ts';
import { asShown, consoleBlocks, printedBy, withoutVariations } from './console-blocks.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const file = join(root, 'README.md');
const readme = await readFile(file, 'utf8');

describe('README', () => {
  it.each(consoleBlocks(readme).map((block) => [block.command, block] as const))(
    'shows what `%s` prints',
    async (command, block) => {
      const printed = await printedBy(command, { PATH: process.env.PATH, HOME: process.env.HOME });
      if (process.env.UPDATE_DOCS) {
        const current = await readFile(file, 'utf8');
        const fresh = `\`\`\`console\n$ ${command}\n${asShown(block, printed)}\n\`\`\``;
        await writeFile(
          file,
          current.replace(block.whole, () => fresh),
        );
      } else
        expect(withoutVariations(block.output)).toBe(withoutVariations(asShown(block, printed)));
    },
    // The demo carries a whole round.
    240_000,
  );

  it("names every environment variable that src/config.ts and a project's config read, and no other", async () => {
    const read = ['src/config.ts', 'src/ground/files/project-file.ts'];
    const source = (await Promise.all(read.map((path) => readFile(join(root, path), 'utf8')))).join(
      '',
    );
    const variables = new Set(source.match(/\b(DATABASE_URL|REDIS_URL|ROUNDSMAN_[A-Z_]+)\b/g));
    const documented = new Set(
      [...readme.matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, name]) => name),
    );
    expect(documented).toEqual(variables);
  });

  describe('the bot', async () => {
    // A folder beside src/, so that the example's own import finds the contract.
    const folder = await mkdtemp(join(root, '.readme-'));
    afterAll(() => rm(folder, { recursive: true }));

    it('reports that there were no signups, and reports nothing after a signup', async () => {
      const source = /```ts\n(import[\s\S]*?)```/.exec(readme)![1]!;
      await writeFile(join(folder, 'signups.ts'), source);
      const { signups } = (await import(join(folder, 'signups.ts'))) as { signups: Bot };
      const { db } = await testDatabase();

      const before = await runCheck(signups, 'quiet', db);
      expect(before.findings.map(({ title }) => title)).toEqual([
        'Nobody has signed up for 24 hours',
      ]);

      const { id } = await db
        .insertInto('auth.users' as never)
        .values({ email: 'new@example.test' } as never)
        .returning('id' as never)
        .executeTakeFirstOrThrow();
      await db.insertInto('profiles').values({ id, email: 'new@example.test' }).execute();
      expect((await runCheck(signups, 'quiet', db)).findings).toEqual([]);
    });
  });
});
