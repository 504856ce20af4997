import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { settle } from '../../src/maintain/settle.ts';
import { testDatabase } from '../support/database.ts';
import { broken, clean } from '../support/builders.ts';
import { movableClock } from '../support/clocks.ts';
import { tellers, type Tellers } from './teller.ts';

/** 21 results; each of the newest ones, this many, differs from the one before. */
const newest = (changes: number) =>
  Array.from({ length: 21 }, (_, index) => index > 20 - changes && (index + changes) % 2 === 1);
/** The same with the changes among the oldest results. */
const oldest = (changes: number) => newest(changes).toReversed();

describe('the share of weighted changes', async () => {
  const { db } = await testDatabase();
  const share = async (states: boolean[]) => {
    const { rows } = await sql<{ share: number }>`
      SELECT engine.flapping(${states}::boolean[]) AS share`.execute(db);
    return rows[0]!.share;
  };

  test.each([
    ['nothing', [], 0],
    ['one result', [true], 0],
    ['21 equal ones', newest(0), 0],
    ['the newest five changes', newest(5), 0.299],
    ['the newest six', newest(6), 0.355],
    ['the oldest six', oldest(6), 0.245],
    ['a change at every step', newest(20), 1],
    ['two results that differ', [true, false], 0.0625],
  ])('of %s', async (_, states, expected) => {
    expect(await share(states)).toBeCloseTo(expected, 3);
  });

  test.each([
    ['six changes that are 30 %', [0, 1, 7, 15, 16, 18], 0.3],
    ['four changes that are 20 %', [3, 8, 11, 16], 0.2],
  ])('of %s is just that', async (_, at, expected) => {
    const changes = Array.from(
      { length: 21 },
      (_, index) => at.filter((step) => step < index).length,
    );
    expect(await share(changes.map((count) => count % 2 === 1))).toBe(expected);
  });

  test('counts a change less, the longer ago it was', async () => {
    const shares = [];
    for (let at = 1; at <= 20; at++)
      shares.push(await share(Array.from({ length: 21 }, (_, index) => index >= at)));
    expect(shares).toEqual(shares.toSorted((a, b) => a - b));
    expect([shares[0]! * 20, shares[19]! * 20]).toEqual([
      expect.closeTo(0.75, 9),
      expect.closeTo(1.25, 9),
    ]);
  });
});

const watch = () => tellers({ watch: {} });

/** So many results in turn, the first one a failure; returns whether the last one was. */
async function alternate({ say }: Tellers, results: number) {
  for (let number = 0; number < results; number++)
    await say('watch', number % 2 === 0 ? broken('disk') : clean('disk'));
}

const shareOf = async ({ db }: Tellers) => {
  const { rows } = await sql<{ share: number }>`
    SELECT engine.flapping(states) AS share FROM bot_finding_states`.execute(db);
  return rows[0]!.share;
};

test('a problem flaps from the sixth change in a row on, and the time since when is recorded', async () => {
  const bot = await watch();
  await alternate(bot, 6);
  expect(await bot.memory()).toMatchObject({ flapping_since: null });
  await bot.say('watch', broken('disk'));
  const { flapping_since } = await bot.memory();
  expect(flapping_since).toBeInstanceOf(Date);
  await bot.say('watch', clean('disk'));
  expect((await bot.memory()).flapping_since).toEqual(flapping_since);
});

test.each([
  ['gone for good', clean('disk')],
  ['there to stay', broken('disk')],
])('it flaps until less than a fifth are changes, the problem being %s', async (_, result) => {
  const bot = await watch();
  await alternate(bot, 8);
  let between = 0;
  for (;;) {
    await bot.say('watch', result);
    const share = await shareOf(bot);
    const { flapping_since } = await bot.memory();
    expect(flapping_since !== null, `at ${share}`).toBe(share >= 0.2);
    if (share < 0.2) break;
    if (share < 0.3) between += 1;
  }
  expect(between, 'between the two bounds it stays what it was').toBeGreaterThan(1);
});

test('between the two limits it does not begin either', async () => {
  const bot = await watch();
  await alternate(bot, 6);
  expect(await shareOf(bot)).toBeGreaterThan(0.2);
  await bot.say('watch', clean('disk'));
  expect(await bot.memory()).toMatchObject({ flapping_since: null });
});

describe('while it flaps', () => {
  const events = async ({ db }: Tellers) =>
    (
      await db
        .selectFrom('bot_ticket_events')
        .select(['event', 'detail'])
        .where('event', 'in', ['flapping', 'flapping_ended'])
        .orderBy('id')
        .execute()
    ).map(({ event, detail }) => ({ event, ...(detail as object) }));

  test('it is one ticket, however often and however long after it comes back', async () => {
    const bot = await watch();
    const wait = await movableClock(bot.db);
    await alternate(bot, 7);
    const before = await bot.tickets();
    expect(before).toMatchObject([{ status: 'assigned' }]);
    for (let number = 0; number < 4; number++) {
      await wait(25 * 3_600);
      await bot.say('watch', number % 2 === 0 ? clean('disk') : broken('disk'));
      expect(await bot.tickets()).toMatchObject([{ id: before[0]!.id, status: 'assigned' }]);
    }
    const open = (await bot.findings()).find(({ resolved_at }) => resolved_at === null);
    expect(await bot.tickets()).toMatchObject([{ finding_id: open!.id }]);
  });

  test('its ticket says so once, and since when', async () => {
    const bot = await watch();
    await alternate(bot, 7);
    const { flapping_since } = await bot.memory();
    for (const noted of [1, 0])
      expect(await settle(bot.db, bot.engine.catalogue)).toMatchObject({ noted });
    expect(await events(bot)).toEqual([{ event: 'flapping', since: expect.any(String) }]);
    const [ticket] = await bot.tickets();
    const { flapping_since: said } = ticket!.metadata as { flapping_since: string };
    expect(new Date(said)).toEqual(flapping_since);
  });

  test.each([
    ['gone', clean('disk'), 'resolved'],
    ['still there', broken('disk'), 'assigned'],
  ] as const)('and that it ended, the problem being %s', async (_, result, status) => {
    const bot = await watch();
    await alternate(bot, 7);
    await settle(bot.db, bot.engine.catalogue);
    while ((await bot.memory()).flapping_since) await bot.say('watch', result);
    for (const noted of [1, 0])
      expect(await settle(bot.db, bot.engine.catalogue)).toMatchObject({ noted });
    expect(await events(bot)).toEqual([
      { event: 'flapping', since: expect.any(String) },
      { event: 'flapping_ended' },
    ]);
    const [ticket] = await bot.tickets();
    expect(ticket).toMatchObject({ status });
    expect(ticket!.metadata).not.toHaveProperty('flapping_since');
  });
});
