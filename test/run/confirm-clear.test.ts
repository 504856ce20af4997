import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import type { CheckResult } from '../../src/bot.ts';
import {
  aBot,
  aRemedy,
  broken,
  catalogue,
  clean,
  entry,
  playbook,
  problem,
} from '../support/builders.ts';
import { anEngine } from '../support/engine.ts';
import { attempt, queuedRun } from '../support/runs.ts';
import { tellers } from './teller.ts';

async function watching(counts: { confirm?: number; clear?: number }, knowledge = {}) {
  const bot = await tellers({ watch: knowledge });
  await bot.db.updateTable('bots').set(counts).execute();
  return {
    ...bot,
    async sees(...results: CheckResult[]) {
      for (const result of results) await bot.say('watch', result);
      return bot.open();
    },
  };
}

const failure = broken('disk');
const well = clean('disk');

describe('a bot that confirms three times', () => {
  test('has no finding and no ticket before the third failure in a row', async () => {
    const bot = await watching({ confirm: 3 });
    for (const open of [[], [], ['disk'], ['disk']]) {
      expect(await bot.sees(failure)).toEqual(open);
      expect(await bot.tickets()).toHaveLength(open.length);
    }
    expect(await bot.findings()).toMatchObject([{ occurrences: 2 }]);
  });

  test('has a certain finding at once, and the others not', async () => {
    const bot = await watching({ confirm: 3 });
    const both = { ...failure, findings: [problem('disk', { certain: true }), problem('memory')] };
    expect(await bot.sees(both)).toEqual(['disk']);
    expect(await bot.sees(both)).toEqual(['disk']);
    expect(await bot.sees(both)).toEqual(['disk', 'memory']);
  });

  test('begins again after a clean result', async () => {
    const bot = await watching({ confirm: 3 });
    expect(await bot.sees(failure, failure, well, failure, failure)).toEqual([]);
    expect(await bot.sees(failure)).toEqual(['disk']);
  });

  test('does not begin again after a run that did not look, or looked at something else', async () => {
    const bot = await watching({ confirm: 3 });
    expect(await bot.sees(failure, clean(), failure, clean('memory'), failure)).toEqual(['disk']);
  });

  test('confirms each problem by itself', async () => {
    const bot = await watching({ confirm: 3 });
    expect(await bot.sees(failure, broken('disk', 'memory'), failure)).toEqual(['disk']);
  });

  test('heals nothing before', async () => {
    const done: string[] = [];
    const remedy = aRemedy('disk.clean', async ({ target }) => void done.push(target.component));
    const bot = await watching(
      { confirm: 3 },
      { knowledge: [entry('clean', playbook('disk.clean'))], remedies: [remedy] },
    );
    await bot.sees(failure, failure);
    expect([done, await bot.decisions()]).toEqual([[], []]);
    await bot.sees(failure);
    expect(done).toEqual(['disk']);
  });

  test('counts the attempts of one run as one', async () => {
    const bot = aBot('watch', {
      sees: async () => failure,
      errs: async () => {
        throw new Error('no');
      },
    });
    const engine = await anEngine({ name: 'postgres' }, catalogue([bot]));
    await sql`UPDATE bots SET confirm = 2`.execute(engine.db);
    const id = await queuedRun(engine.db, 'watch', { max_attempts: 3 });
    for (let number = 0; number < 3; number++) {
      await sql`UPDATE bot_executions SET run_after = NULL`.execute(engine.db);
      await attempt(engine, id);
    }
    const memory = await engine.db.selectFrom('bot_finding_states').selectAll().execute();
    expect(memory).toMatchObject([{ failures_in_row: 1, states: [true] }]);
    expect(await engine.db.selectFrom('bot_findings').selectAll().execute()).toEqual([]);
  });
});

describe('a bot that clears after two clean runs', () => {
  test('keeps the finding and its ticket open after the first', async () => {
    const bot = await watching({ clear: 2 });
    expect(await bot.sees(failure, well)).toEqual(['disk']);
    expect(await bot.tickets()).toMatchObject([{ status: 'assigned', occurrences: 1 }]);
    expect(await bot.sees(well)).toEqual([]);
    expect(await bot.tickets()).toMatchObject([{ status: 'resolved', occurrences: 1 }]);
  });

  test('begins again after a failure', async () => {
    const bot = await watching({ clear: 2 });
    expect(await bot.sees(failure, well, failure, well)).toEqual(['disk']);
    expect(await bot.findings()).toMatchObject([{ occurrences: 2 }]);
  });

  test('counts only runs that looked at it', async () => {
    const bot = await watching({ clear: 2 });
    expect(await bot.sees(failure, well, clean(), clean('memory'))).toEqual(['disk']);
    expect(await bot.sees({ ...well, truncated: true })).toEqual(['disk']);
    expect(await bot.sees(well)).toEqual([]);
  });

  test('does not open a ticket for what only waits for its second clean run', async () => {
    const bot = await watching({ clear: 2 });
    const low = { examined: ['disk'], findings: [problem('disk', { severity: 'low' })] };
    await bot.sees(low, well);
    await sql`UPDATE bot_findings SET severity = 'high'`.execute(bot.db);
    await bot.sees(clean());
    expect(await bot.tickets()).toEqual([]);
  });

  test('counts the verification of a cure as the first', async () => {
    const bot = await watching(
      { clear: 2 },
      {
        knowledge: [entry('clean', playbook('disk.clean'))],
        remedies: [aRemedy('disk.clean', async () => void Object.assign(told, well))],
      },
    );
    const told = broken('disk');
    expect(await bot.sees(told)).toEqual(['disk']);
    const actions = bot.db.selectFrom('bot_actions').select(['state', 'hold_until']).execute();
    expect(await actions).toMatchObject([{ state: 'verified', hold_until: expect.any(Date) }]);
    expect(await bot.sees(well)).toEqual([]);
    expect(await bot.findings()).toMatchObject([{ resolution_method: 'auto-fixed' }]);
  });
});

test('a finding is resolved only by its own check, and by its own key', async () => {
  const said: Record<string, CheckResult> = { one: failure, two: failure };
  const bot = aBot('watch', {
    one: async () => said.one!,
    two: async () => said.two!,
  });
  const engine = await anEngine({ name: 'postgres' }, catalogue([bot]));
  const sees = async (one: CheckResult, two: CheckResult) => {
    Object.assign(said, { one, two });
    await attempt(engine, await queuedRun(engine.db, 'watch'));
    const rows = await engine.db
      .selectFrom('bot_findings')
      .select(['check_name', 'component_key'])
      .where('resolved_at', 'is', null)
      .orderBy('check_name')
      .execute();
    return rows.map((row) => `${row.check_name} ${row.component_key}`);
  };
  const keyed = (key: string) => ({ examined: [key], findings: [problem('disk', { key })] });
  expect(await sees(failure, keyed('sda'))).toEqual(['one disk', 'two sda']);
  expect(await sees(clean('sda'), clean('disk'))).toEqual(['one disk', 'two sda']);
  expect(await sees(clean('disk'), clean('disk'))).toEqual(['two sda']);
  expect(await sees(clean('disk'), clean('sda'))).toEqual([]);
});
