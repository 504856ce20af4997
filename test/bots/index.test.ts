import { RE2JS } from 're2js';
import { beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { bots, remedies } from '../../bots/index.ts';
import { SkippedCheck, type ReportedFinding } from '../../src/bot.ts';
import { knowledge as taught } from '../../src/demo/knowledge.ts';
import { plantPlatform, type PlantedPlatform } from '../../src/demo/plant.ts';
import { isPlaybook } from '../../src/playbook/read.ts';
import { applyRemedy, runCheck } from '../support/check.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';

let db: TestDatabase['db'];
let platform: PlantedPlatform;
beforeAll(async () => {
  ({ db } = await testDatabase());
  platform = await plantPlatform(db);
});

const knowledge = bots.flatMap((bot) => bot.knowledge ?? []);

async function findings(): Promise<ReportedFinding[]> {
  const found: ReportedFinding[] = [];
  for (const bot of bots)
    for (const { name } of bot.checks)
      // What a check needs may not be there, as pg_stat_statements.
      found.push(...(await runCheck(bot, name, db).catch(noneIfSkipped)).findings);
  return found;
}

function noneIfSkipped(error: unknown): { findings: ReportedFinding[] } {
  if (error instanceof SkippedCheck) return { findings: [] };
  throw error;
}

test('names are unique and `{}` is a config', () => {
  const names = [bots, remedies, knowledge, ...bots.map(({ checks }) => checks)];
  for (const list of names) expect(new Set(list.map(({ name }) => name)).size).toBe(list.length);
  for (const bot of bots) {
    expect(() => bot.config.parse({})).not.toThrow();
    expect(() => bot.config.parse({ no_such_setting: 1 })).toThrow('no_such_setting');
  }
});

test('every playbook names remedies with parameters that they take', () => {
  const steps = [...knowledge, ...taught]
    .filter(({ solution }) => isPlaybook(solution))
    .flatMap(({ solution }) => parse(solution).steps as { remedy: string; with?: object }[]);
  expect(steps.length).toBeGreaterThan(4);
  for (const step of steps) {
    const remedy = remedies.find(({ name }) => name === step.remedy);
    expect(() => remedy!.params.parse(step.with ?? {})).not.toThrow();
  }
});

test('bots find what was planted, knowledge knows it, cures cure', async () => {
  const planted = await findings();
  expect(planted.map(({ severity, component }) => [severity, component])).toEqual([
    ['high', platform.failingEndpoint],
    ['medium', platform.missingPath],
    ['medium', platform.slowEndpoint],
    ['high', 'profiles.credits'],
    ['critical', 'credits'],
    ['medium', 'user_sessions'],
  ]);
  expect(planted[3]?.metadata?.users).toBe(platform.driftedUsers.length);
  expect(planted[4]?.key).toBe(platform.brokenUser);
  expect(planted[5]?.metadata?.expired).toBe(platform.expiredSessions);

  const known = knowledge.map(({ name, pattern }) => {
    const regex = RE2JS.compile(pattern, RE2JS.CASE_INSENSITIVE);
    const matches = planted.filter(({ title, description = '', component }) =>
      regex.matcher([title, description, component].join('\n')).find(),
    );
    return [name, matches.map(({ component }) => component)];
  });
  // The other ones know what is planted in the tests of their bots.
  expect(known.filter(([, components]) => components!.length > 0)).toEqual([
    ['api.server-errors', [platform.failingEndpoint]],
    ['api.missing-path', [platform.missingPath]],
    ['api.slow', [platform.slowEndpoint]],
    ['ledger.cached-credits', ['profiles.credits']],
    ['ledger.broken-balance-chain', ['credits']],
    ['session.expired', ['user_sessions']],
  ]);

  for (const name of ['ledger.refresh-cached-credits', 'session.expire']) {
    const remedy = remedies.find((each) => each.name === name)!;
    expect((await applyRemedy(remedy, db)).isDone).toBe(true);
  }
  expect((await findings()).map(({ component }) => component)).toEqual([
    platform.failingEndpoint,
    platform.missingPath,
    platform.slowEndpoint,
    'credits',
  ]);
});
