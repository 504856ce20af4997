import { expect, test } from 'vitest';
import { bots } from '../../bots/index.ts';
import { SkippedCheck } from '../../src/bot.ts';
import { pool } from '../../src/database/connect.ts';
import { bookingOf, bookingOfUse, usesOf } from '../../src/demo/bookings.ts';
import { seedFiction } from '../../src/demo/seed.ts';
import { sizes } from '../../src/demo/sizes.ts';
import { runCheck } from '../support/check.ts';
import { testDatabase } from '../support/database.ts';

test.each([1, 2])(
  'no bot finds anything wrong with what `db seed` plants, seed %i',
  async (seed) => {
    const { db, url } = await testDatabase();
    const connections = pool(url, { max: 1 });
    await seedFiction(connections, 'small', seed);
    await connections.end();
    const found: string[] = [];
    const ran: string[] = [];
    for (const bot of bots)
      for (const { name } of bot.checks)
        try {
          const { findings } = await runCheck(bot, name, db);
          ran.push(`${bot.name}.${name}`);
          for (const { severity, title } of findings)
            if (severity !== 'info') found.push(`${bot.name}.${name} ${severity}: ${title}`);
        } catch (error) {
          // What a check needs may not be there, as pg_stat_statements.
          if (!(error instanceof SkippedCheck)) throw error;
        }
    expect(found).toEqual([]);
    expect(ran).toContain('ledger.usage-without-debit');
  },
);

test.each([
  { profiles: 3, credits: 30 },
  { profiles: 3, credits: 2 },
  { profiles: 4, credits: 49 },
  { profiles: 4, credits: 43 },
  { profiles: 2, credits: 61 },
])('of $credits bookings of $profiles users, each use has one', (numbers) => {
  const size = { ...sizes.small, ...numbers };
  const now = new Date();
  const bookings = Array.from({ length: size.credits }, (_, i) => bookingOf(size, now, i));
  const uses = Array.from({ length: usesOf(size) }, (_, i) => bookingOfUse(size, now, i));
  expect(uses).toEqual(bookings.filter(({ type }) => type === 'usage'));
});
