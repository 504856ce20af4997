/** Known failures of systems that heal, each by its name. */
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { bots, remedies } from '../../bots/index.ts';
import type { Check } from '../../src/bot.ts';
import { catalogueOf } from '../../src/catalogue/catalogue.ts';
import { readSolution } from '../../src/catalogue/solution.ts';
import { settle } from '../../src/maintain/settle.ts';
import { aBot, broken, catalogue, clean as well, entry, playbook } from '../support/builders.ts';
import { anEngine, startFlow } from '../support/engine.ts';
import { makeDue, run } from '../support/runs.ts';
import { movableClock } from '../support/clocks.ts';
import { clean, miscounted } from './outcomes.ts';
import { simulatedPlatform } from './simulated-platform.ts';

const seed = entry('clean', clean);

describe('success decided without a check', () => {
  test('a remedy that threw nothing and cured nothing has failed', async () => {
    const platform = await simulatedPlatform([seed], [{ name: 'disk.clean', works: false }]);
    await platform.round();
    expect(await platform.effects()).toEqual(['disk.clean']);
    expect(await platform.actions()).toMatchObject([
      {
        state: 'failed',
        success: false,
        error_message: 'the check still fails after this step was applied',
      },
    ]);
    expect(await platform.finding()).toMatchObject({ resolved_at: null });
  });

  test('a remedy whose check cannot tell is not a success until a check can', async () => {
    let answer: 'broken' | 'errs' | 'well' = 'broken';
    const platform = await simulatedPlatform(
      [seed],
      [{ name: 'disk.clean', before: async () => void (answer = 'errs') }],
    );
    const check = platform.engine.catalogue.bots[0]!.checks[0] as Check<unknown>;
    const { run: look } = check;
    check.run = async (config, context) => {
      if (answer === 'errs') throw new Error('no');
      return look(config, context);
    };
    await platform.round();
    expect(await platform.actions()).toMatchObject([{ state: 'applied', success: false }]);
    answer = 'well';
    await platform.round();
    expect(await platform.actions()).toMatchObject([{ state: 'verified', success: true }]);
  });

  test('a check that passed once is not counted as a success before it passed again after the window', async () => {
    const platform = await simulatedPlatform([seed], [{ name: 'disk.clean' }]);
    const wait = await movableClock(platform.db);
    const successes = async () =>
      (await platform.db
        .selectFrom('bot_knowledge')
        .select('times_successful')
        .executeTakeFirstOrThrow())!.times_successful;
    await platform.round();
    await settle(platform.db, platform.engine.catalogue);
    expect(await successes()).toBe(0);
    await wait(3_700);
    await platform.round();
    await settle(platform.db, platform.engine.catalogue);
    expect(await successes()).toBe(1);
  });
});

describe('knowledge steps that only log', () => {
  test('a step is done, and its effect is there', async () => {
    const platform = await simulatedPlatform(
      [entry('clean', playbook('disk.clean', 'disk.second'))],
      [{ name: 'disk.clean', works: false }, { name: 'disk.second' }],
    );
    expect(await platform.round()).toMatchObject({ actions_taken: 2 });
    expect(await platform.effects()).toEqual(['disk.clean', 'disk.second']);
    expect((await platform.actions()).map(({ evidence }) => evidence)).toMatchObject([
      { summary: 'did disk.clean' },
      { summary: 'did disk.second' },
    ]);
  });

  test('a step that names no code does not count as applied', async () => {
    const platform = await simulatedPlatform([seed], [{ name: 'disk.clean' }]);
    await sql`UPDATE bot_knowledge SET solution = ${playbook('disk.clean', 'no.such')}`.execute(
      platform.db,
    );
    expect(await platform.round()).toMatchObject({ actions_taken: 0 });
    expect(await platform.actions()).toEqual([]);
    expect(await platform.decisions()).toEqual([
      { name: 'clean', verdict: 'blocked', gate: 'disabled' },
    ]);
  });

  test('advice is advice: it is suggested, and never counted as applied', async () => {
    const platform = await simulatedPlatform([entry('advice', 'Restart it.')], []);
    await platform.round();
    expect(await platform.decisions()).toEqual([
      { name: 'advice', verdict: 'suggested', gate: null },
    ]);
    const known = await platform.db
      .selectFrom('bot_knowledge')
      .selectAll()
      .executeTakeFirstOrThrow();
    expect(known).toMatchObject({ times_applied: 0, times_successful: 0, last_used_at: null });
  });

  test('every playbook that comes with the project names code for all of its steps', () => {
    const known = catalogueOf(bots, remedies);
    const solutions = bots.flatMap(({ knowledge = [] }) =>
      knowledge.map(({ solution }) => readSolution(solution, known)),
    );
    expect(solutions.filter(({ kind }) => kind === 'broken')).toEqual([]);
    expect(solutions.filter(({ kind }) => kind === 'playbook').length).toBeGreaterThan(0);
  });
});

test('findings inserted again each run', async () => {
  const engine = await anEngine(
    { name: 'postgres' },
    catalogue([aBot('watch', async () => broken('disk', 'memory'))]),
  );
  for (let number = 0; number < 6; number++) await run(engine, 'watch');
  const rows = await engine.db
    .selectFrom('bot_findings')
    .select(['affected_component', 'occurrences'])
    .orderBy('affected_component')
    .execute();
  expect(rows).toEqual([
    { affected_component: 'disk', occurrences: 6 },
    { affected_component: 'memory', occurrences: 6 },
  ]);
  const tickets = await engine.db.selectFrom('bot_tickets').select('occurrences').execute();
  expect(tickets).toEqual([{ occurrences: 6 }, { occurrences: 6 }]);
});

describe('guardrails that fail open', () => {
  test.each([
    ['the mode', sql`DELETE FROM engine.settings WHERE key = 'mode'`, 'kill_switch'],
    [
      'a mode of another name',
      sql`UPDATE engine.settings SET value = '"on"' WHERE key = 'mode'`,
      'mode',
    ],
    [
      'a mode that is no word',
      sql`UPDATE engine.settings SET value = '{}' WHERE key = 'mode'`,
      'mode',
    ],
    ['the limits', sql`DELETE FROM engine.settings WHERE key = 'healing'`, 'cooldown'],
    [
      'one limit',
      sql`UPDATE engine.settings SET value = value - 'breaker_failures' WHERE key = 'healing'`,
      'breaker',
    ],
    ['the budget', sql`DELETE FROM engine.settings WHERE key = 'budget'`, 'budget'],
    [
      'all settings',
      sql`DELETE FROM engine.settings WHERE key <> 'knowledge_version'`,
      'kill_switch',
    ],
  ])('without %s nothing is healed', async (_, change, gate) => {
    const platform = await simulatedPlatform([seed], [{ name: 'disk.clean' }]);
    await change.execute(platform.db);
    await platform.round();
    expect(await platform.effects()).toEqual([]);
    expect(await platform.decisions()).toEqual([{ name: 'clean', verdict: 'blocked', gate }]);
  });

  test('a gate whose question the database refuses lets nothing through', async () => {
    const platform = await simulatedPlatform([seed], [{ name: 'disk.clean' }]);
    await sql`ALTER TABLE bot_silences RENAME TO silences_elsewhere`.execute(platform.db);
    await platform.round();
    expect(await platform.effects()).toEqual([]);
    expect(await platform.actions()).toEqual([]);
  });
});

test('counters read-modify-write', async () => {
  const platform = await simulatedPlatform([seed], [{ name: 'disk.clean' }], { concurrency: 8 });
  const { db } = platform;
  await sql`UPDATE bots SET concurrency = 8`.execute(db);
  await sql`UPDATE engine.settings SET value = value || '{"cooldown_minutes": 0, "heals_per_entry": 1000}' WHERE key = 'healing'`.execute(
    db,
  );
  const runs = 40;
  for (let number = 0; number < runs; number += 8) {
    platform.broken.add('disk');
    await Promise.all(Array.from({ length: 8 }, () => platform.round()));
  }
  const bot = await db.selectFrom('bots').selectAll().executeTakeFirstOrThrow();
  const ended = await db
    .selectFrom('bot_executions')
    .select(sql<number>`(count(*) FILTER (WHERE status = 'success'))::int`.as('success'))
    .executeTakeFirstOrThrow();
  expect(bot).toMatchObject({ total_runs: runs, successful_runs: ended.success });
  expect((bot.successful_runs ?? 0) + (bot.failed_runs ?? 0)).toBe(runs);
  expect(await miscounted(db)).toEqual([]);
  const { times_applied } = await db
    .selectFrom('bot_knowledge')
    .select('times_applied')
    .executeTakeFirstOrThrow();
  expect(times_applied).toBe((await platform.effects()).length);
});

test('a failed bot that is never run again', async () => {
  let fails = true;
  const bot = aBot('watch', async () => {
    if (fails) throw new Error('cannot look');
    return well('disk');
  });
  const { db } = await startFlow({ name: 'postgres' }, catalogue([bot]));
  await sql`UPDATE bots SET max_attempts = 1`.execute(db);
  const row = () => db.selectFrom('bots').selectAll().executeTakeFirstOrThrow();
  /** Makes the bot due by its schedule, whatever became of its earlier runs. */
  const due = async (runs: number) => {
    await expect.poll(async () => (await row()).next_slot_at).not.toBeNull();
    await makeDue(db, 'watch');
    await expect.poll(async () => (await row()).total_runs).toBe(runs);
    return row();
  };
  for (let runs = 1; runs <= 4; runs++)
    expect(await due(runs)).toMatchObject({ status: 'active', failed_runs: runs });
  fails = false;
  expect(await due(5)).toMatchObject({ status: 'active', failed_runs: 4, successful_runs: 1 });
});
