import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import type { CheckContext, CheckResult } from '../../src/bot.ts';
import { aBot, broken, catalogue, clean, problem } from '../support/builders.ts';
import { anEngine, type TestEngine } from '../support/engine.ts';
import { run } from '../support/runs.ts';

/** A bot that reports in each run what the test says; and the findings that are open after that run. */
async function saying(...checks: string[]) {
  const said: Record<string, CheckResult | Error | 'skip'> = {};
  const bot = aBot(
    'teller',
    Object.fromEntries(
      (checks.length > 0 ? checks : ['only']).map((name) => [
        name,
        async (_: unknown, { skip }: CheckContext) => {
          const result = said[name] ?? clean();
          if (result === 'skip') return skip('told to');
          if (result instanceof Error) throw result;
          return result;
        },
      ]),
    ),
  );
  const engine = await anEngine({ name: 'postgres' }, catalogue([bot]));
  async function say(results: typeof said | CheckResult) {
    Object.assign(said, 'findings' in results ? { only: results } : results);
    const row = await run(engine, 'teller', { max_attempts: 1 });
    return { row, open: await open(engine) };
  }
  return { engine, say };
}

async function open({ db }: TestEngine): Promise<string[]> {
  const rows = await db
    .selectFrom('bot_findings')
    .select('component_key')
    .where('resolved_at', 'is', null)
    .orderBy('component_key')
    .execute();
  return rows.map(({ component_key }) => component_key);
}

const findings = ({ db }: TestEngine) =>
  db.selectFrom('bot_findings').selectAll().orderBy('detected_at').execute();

describe('what resolves', () => {
  test('is what was examined and not reported, and nothing else', async () => {
    const { say } = await saying();
    expect((await say(broken('a', 'b', 'c'))).open).toEqual(['a', 'b', 'c']);
    expect((await say({ examined: ['a', 'b'], findings: [problem('b')] })).open).toEqual([
      'b',
      'c',
    ]);
  });

  test('is every key except the excluded ones where a check examined many', async () => {
    const { say } = await saying();
    await say(broken('a', 'b', 'c'));
    expect((await say({ examined: { count: 9_000, except: ['b'] }, findings: [] })).open).toEqual([
      'b',
    ]);
  });

  test('never belongs to another check', async () => {
    const { say } = await saying('one', 'two');
    await say({ one: broken('a'), two: broken('a') });
    expect((await say({ one: clean('a'), two: new Error('no') })).open).toEqual(['a']);
  });

  test.each([
    ['errored', new Error('no') as never],
    ['was skipped', 'skip' as never],
    ['said that its list was cut', { ...clean('a'), truncated: true }],
  ])('is nothing when the check %s', async (_, result) => {
    const { say } = await saying('one', 'two');
    await say({ one: broken('a'), two: clean() });
    expect((await say({ one: result })).open).toEqual(['a']);
  });

  test('is nothing when more was reported than a run may store', async () => {
    const { engine, say } = await saying();
    await say(broken('old'));
    const names = Array.from({ length: 1_200 }, (_, index) => `c${index}`);
    const { row } = await say({
      examined: { count: 5_000, except: [] },
      findings: names.map((name) => problem(name)),
    });
    expect(row).toMatchObject({ status: 'success', issues_found: 1_000 });
    expect(await open(engine)).toContain('old');
  });
});

describe('a finding that comes back', () => {
  test('counts again while it is open, with the newest title and severity', async () => {
    const { engine, say } = await saying();
    await say({
      examined: ['a'],
      findings: [problem('a', { severity: 'warning', title: '3 bad' })],
    });
    await say({ examined: ['a'], findings: [problem('a', { severity: 'error', title: '9 bad' })] });
    expect(await findings(engine)).toMatchObject([
      { occurrences: 2, severity: 'high', title: '9 bad' },
    ]);
  });

  test('is a new row once the old one was resolved', async () => {
    const { engine, say } = await saying();
    for (const result of [broken('a'), clean('a'), broken('a')]) await say(result);
    expect(await findings(engine)).toMatchObject([
      { resolution_method: 'cleared', occurrences: 1 },
      { resolution_method: null, occurrences: 1 },
    ]);
  });

  test('is counted once when one run reports it twice', async () => {
    const { engine, say } = await saying();
    await say({ examined: ['a'], findings: [problem('a'), problem('a', { title: 'again' })] });
    expect(await findings(engine)).toMatchObject([{ occurrences: 1 }]);
  });

  test('keeps the last 21 results in its memory', async () => {
    const { engine, say } = await saying();
    for (let number = 0; number < 23; number++) await say(number % 2 ? clean('a') : broken('a'));
    const { states, failures_in_row } = await engine.db
      .selectFrom('bot_finding_states')
      .selectAll()
      .executeTakeFirstOrThrow();
    expect(states).toEqual(Array.from({ length: 21 }, (_, index) => index % 2 === 0));
    expect(failures_in_row).toBe(1);
  });
});

describe('hostile text', () => {
  const nul = 'a\0b';
  const lone = 'x\uD800y';
  const deep = (levels: number) => JSON.parse('['.repeat(levels) + ']'.repeat(levels)) as unknown;

  test('is stored cleanly and found again', async () => {
    const { engine, say } = await saying();
    const hostile = problem(`${nul}${lone}`, {
      title: '\u{1F600}'.repeat(300),
      description: nul.repeat(20_000),
      category: lone.repeat(40),
      metadata: { text: `${nul}${lone}`, list: [nul] },
    });
    const { row } = await say({ examined: [hostile.component], findings: [hostile] });
    expect(row).toMatchObject({ status: 'success', issues_found: 1 });
    const [stored] = await findings(engine);
    expect(stored).toMatchObject({
      affected_component: 'a\uFFFDbx\uFFFDy',
      metadata: { text: 'a\uFFFDbx\uFFFDy', list: ['a\uFFFDb'] },
    });
    expect([...stored!.title]).toHaveLength(200);
    expect([...stored!.category].length).toBeLessThanOrEqual(50);
    const { open: left } = await say(clean(hostile.component));
    expect(left).toEqual([]);
  });

  test.each([
    ['keys with NUL', { [nul]: 1, [lone]: 2 }],
    ['200 levels', { deep: deep(200) }],
    ['8,000 levels', { deep: deep(8_000) }],
    ['a bigint', { count: 10n }],
    ['itself', circular()],
    ['a megabyte', { text: 'x'.repeat(1_000_000) }],
  ])('metadata with %s costs no finding', async (_, metadata) => {
    const { say } = await saying('one', 'two');
    const { row, open: left } = await say({
      one: { examined: ['a'], findings: [problem('a', { metadata })] },
      two: broken('b'),
    });
    expect(left).toEqual(['a', 'b']);
    expect(row.status).toBe('success');
  });

  test.each([
    [
      'a severity that there is not',
      { examined: ['a'], findings: [problem('a', { severity: 'fatal' as never })] },
    ],
    [
      'no component',
      { examined: ['a'], findings: [problem('a', { component: undefined as never })] },
    ],
    ['nothing examined', { findings: [] } as never],
    ['no title', { examined: ['a'], findings: [problem('a', { title: null as never })] }],
  ])('a result with %s is an errored check and keeps the others', async (_, result) => {
    const { say } = await saying('one', 'two');
    const { row, open: left } = await say({ one: result, two: broken('b') });
    expect(left).toContain('b');
    expect(row).toMatchObject({ status: 'failed', reason: 'check errored' });
  });

  test('a thrown message with NUL is stored', async () => {
    const { say } = await saying();
    const { row } = await say({ only: new Error(`bad ${nul}`) });
    expect(row.error_message).toBe('only: bad a\uFFFDb');
  });
});

function circular() {
  const round: Record<string, unknown> = {};
  round.self = round;
  return round;
}

describe('how a finding was resolved', () => {
  const method = async ({ db }: TestEngine) =>
    (await db.selectFrom('bot_findings').select('resolution_method').executeTakeFirstOrThrow())
      .resolution_method;

  test('cleared: it went away untouched, its ticket still open', async () => {
    const { engine, say } = await saying();
    await say(broken('a'));
    await say(clean('a'));
    expect(await method(engine)).toBe('cleared');
  });

  test('manual: a person resolved its ticket', async () => {
    const { engine, say } = await saying();
    await say(broken('a'));
    await sql`UPDATE bot_tickets SET status = 'resolved', resolved_at = engine.now(), resolved_by = 'ann',
                resolution_notes = 'rebooted'`.execute(engine.db);
    await say(clean('a'));
    expect(await method(engine)).toBe('manual');
  });

  test.each([
    ['auto-fixed', 'low'],
    ['escalated', 'high'],
  ] as const)('%s: a cure left unverified, the finding being %s', async (expected, severity) => {
    const { engine, say } = await saying();
    await say({ examined: ['a'], findings: [problem('a', { severity })] });
    await sql`
      INSERT INTO bot_actions (bot_id, finding_id, action_type, action_description, success, heal_id, state, fingerprint,
                               remedy, risk, idempotency_key, applied_at, taken_at)
      SELECT bot_id, id, 'r', 'r', false, gen_random_uuid(), 'applied', fingerprint, 'r', 'safe', 'k', engine.now(), engine.now()
      FROM bot_findings`.execute(engine.db);
    await say(clean('a'));
    expect(await method(engine)).toBe(expected);
    const action = await engine.db.selectFrom('bot_actions').selectAll().executeTakeFirstOrThrow();
    expect(action).toMatchObject({ state: 'verified', success: true });
    expect(action.hold_until, 'it can be settled').not.toBeNull();
  });
});
