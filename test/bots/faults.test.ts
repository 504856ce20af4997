/** Each named fault is found by its check, and what looks like it is not. */
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { bots, remedies } from '../../bots/index.ts';
import { SkippedCheck } from '../../src/bot.ts';
import { catalogueOf } from '../../src/catalogue/catalogue.ts';
import { faults } from '../../src/demo/faults/index.ts';
import { finderOf, plantAll, type Fault } from '../../src/demo/faults/fault.ts';
import { readEventResult } from '../../src/run/tasks/event-result.ts';
import { readResult } from '../../src/run/tasks/result.ts';
import { registerCatalogue } from '../../src/schedule/register.ts';
import { runCheck } from '../support/check.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { registered } from '../support/registered.ts';

const timeOf = async ({ db }: Pick<TestDatabase, 'db'>): Promise<Date> =>
  (await sql<{ now: Date }>`SELECT engine.now() AS now`.execute(db)).rows[0]!.now;

const catalogue = catalogueOf(bots, remedies);

/** With what looks like these and nothing else, their check has nothing to ask, and says so. */
const leaveNothingToAsk = new Set([
  'sentinel.answers.private-address',
  'sentinel.answers.no-address',
]);

async function sought(fault: Fault) {
  const { db } = await testDatabase();
  await registerCatalogue(db, catalogue);
  const planted = await timeOf({ db });
  const { bot: name, check } = finderOf(fault);
  const bot = bots.find((each) => each.name === name);
  if (!bot) throw new Error(`there is no bot ${name}`);
  const findings = async () => {
    const now = await timeOf({ db });
    const { config, memories } = await registered(db, bot);
    const remembered = memories[check] ?? null;
    const result = await runCheck(bot, check, db, config, { now, remembered });
    // As the engine reads it: a result against the contract is an error of the check.
    const of = bot.checks.find((each) => each.name === check)!;
    if (!of.events) return readResult(result).findings;
    const from = new Date(now.getTime() - of.windowSeconds(bot.config.parse(config)) * 1_000);
    return readEventResult(result, { from, starts: [], only: null }, now).findings;
  };
  return { db, now: planted, findings };
}

describe.each(faults.map((fault) => ({ fault, name: fault.name })))('$name', ({ fault }) => {
  test('is found, and what looks like it is not', async () => {
    const { db, now, findings } = await sought(fault);
    await fault.lookalike!(db, now);
    if (leaveNothingToAsk.has(fault.name)) await expect(findings()).rejects.toThrow(SkippedCheck);
    else expect(await findings()).toEqual([]);
    await plantAll(fault, db, now);
    expect(await findings()).not.toEqual([]);
  });
});

describe.each(['meter.budget', 'meter.pace'])('%s', (name) => {
  test.each([
    ['2026-02-01T00:00:00Z', 'the first second of a month'],
    ['2026-02-03T23:50:00Z', 'one of its first days'],
    ['2028-02-29T12:00:00Z', 'its last day'],
    ['2026-12-31T23:50:00Z', 'its last minutes'],
  ])('is found at %s, %s', async (time) => {
    const { db } = await testDatabase();
    await registerCatalogue(db, catalogue);
    const fault = faults.find((each) => each.name === name)!;
    const meter = bots.find((bot) => bot.name === 'meter')!;
    const now = new Date(time);
    const ask = async () => {
      const { config } = await registered(db, meter);
      return (await runCheck(meter, finderOf(fault).check, db, config, { now })).findings;
    };
    await fault.lookalike!(db, now);
    expect(await ask()).toEqual([]);
    await plantAll(fault, db, now);
    expect(await ask()).toHaveLength(1);
  });
});

test('names are unique, and say what is broken', () => {
  expect(new Set(faults.map(({ name }) => name)).size).toBe(faults.length);
  for (const { name, title } of faults) {
    expect(name).toMatch(/^[a-z-]+(\.[a-z0-9-]+){1,2}$/);
    expect(title).toMatch(/^[A-Z].{10,}[^.]$/);
  }
});
