/** The clock of a database may be set back: then checks remember times that are later than now, and must not wait until they come. */
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { bots } from '../../bots/index.ts';
import { SkippedCheck } from '../../src/bot.ts';
import type { EventResult } from '../../src/bot.ts';
import { connect } from '../../src/database/connect.ts';
import { plantPlatform } from '../../src/demo/plant.ts';
import { readEventResult } from '../../src/run/tasks/event-result.ts';
import { readResult } from '../../src/run/tasks/result.ts';
import { runCheck } from '../support/check.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
  await plantPlatform(database.db);
});

const remembering = bots.flatMap((bot) =>
  bot.checks
    .filter(({ remembers }) => remembers)
    .map((check) => [`${bot.name} ${check.name}`, bot, check] as const),
);

test.each(remembering)('%s', async (_, bot, check) => {
  const reader = connect(database.url, { max: 1, readOnly: true });
  onTestFinished(() => reader.destroy());
  const ask = async (now: Date, remembered: unknown) => {
    const result = await runCheck(bot, check.name, reader, {}, { now, remembered });
    if (!check.events) return readResult(result);
    const from = new Date(now.getTime() - check.windowSeconds(bot.config.parse({})) * 1_000);
    return readEventResult(result as EventResult, { from, starts: [], only: null }, now);
  };
  const now = new Date();
  const later = new Date(now.getTime() + 400 * 86_400_000);
  // What a check needs may not be there, as pg_stat_statements.
  const before = await ask(later, null).catch((error: unknown) => {
    if (!(error instanceof SkippedCheck)) throw error;
    return null;
  });
  if (before === null) return;
  const { remember } = await ask(now, before.remember);
  // It is replaced, and by as much as a check without a memory begins with.
  expect(remember).toBeDefined();
  const fresh = (await ask(now, null)).remember;
  expect(Object.keys(remember as object)).toEqual(Object.keys(fresh as object));
});
