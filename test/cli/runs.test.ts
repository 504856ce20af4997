import { expect, test } from 'vitest';
import { testDatabase } from '../support/database.ts';
import { hasTerminal, inTerminalOf } from '../support/terminal.ts';
import { roundsman } from './command.ts';
import { ago, insertBot, insertFinding, insertRun } from './rows.ts';

const { db, url } = await testDatabase();

test('before anything ran, lists say what to do', async () => {
  for (const [noun, hint] of [
    ['runs', 'roundsman up'],
    ['findings', 'roundsman status'],
    ['knowledge', 'roundsman up'],
  ] as const) {
    const { code, out } = await roundsman(url, noun, 'list', '-o', 'table');
    expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining(hint) });
  }
});

test('runs are listed newest first, by bot, status and time', async () => {
  const watch = await insertBot(db, 'watch');
  const other = await insertBot(db, 'other');
  await insertRun(db, watch, 90, { status: 'failed', reason: 'old' });
  await insertRun(db, watch, 10);
  await insertRun(db, watch, 5, { status: 'failed', reason: 'check errored', error_message: 'x' });
  await insertRun(db, other, 7, { status: 'failed', reason: 'other' });
  const list = async (...args: string[]) => {
    const { json } = await roundsman(url, 'runs', 'list', '--json', ...args);
    return json().map((run: any) => run.reason);
  };
  expect(await list()).toEqual(['check errored', 'other', null, 'old']);
  expect(await list('--bot', 'watch', '--status', 'failed')).toEqual(['check errored', 'old']);
  expect(await list('--bot', 'watch', '--since', '1h')).toEqual(['check errored', null]);
  expect(await list('--limit', '1')).toEqual(['check errored']);
  const { out } = await roundsman(url, 'runs', 'list', '-o', 'table');
  expect(out).toMatch(/ watch +failed +manual +5m ago +40 ms +0 +0 +check errored: x$/m);
});

test('a run is shown with its checks, findings and actions', async () => {
  const bot = await insertBot(db, 'shown');
  const run = await insertRun(db, bot, 1, {
    metadata: JSON.stringify({
      checks: [
        { name: 'errors', status: 'failed', title: 'Do endpoints answer?', ms: 12 },
        { name: 'slow', status: 'errored', title: 'Quickly?', reason: 'no such column' },
        null,
        'nonsense',
      ],
    }),
  });
  await insertFinding(db, bot, 'first seen here', { execution_id: run });
  await insertFinding(db, bot, 'seen again here', { last_execution_id: run });
  await insertFinding(db, bot, 'another run');
  const { out } = await roundsman(url, 'runs', 'show', run);
  expect(out).toMatch(/^errors +failed +12 ms +Do endpoints answer\?$/m);
  expect(out).toMatch(/^slow +errored +- +Quickly\? +no such column$/m);
  const shown = (await roundsman(url, 'runs', 'show', run.slice(0, 8), '--json')).json();
  expect(shown).toMatchObject({ id: run, bots: { name: 'shown' }, bot_actions: [] });
  expect(shown.bot_findings.map((row: any) => row.title).toSorted()).toEqual([
    'first seen here',
    'seen again here',
  ]);
});

test('a run that waits has not started, and one of something is not many', async () => {
  const bot = await insertBot(db, 'waits');
  await insertRun(db, bot, 3, {
    status: 'queued',
    completed_at: null,
    execution_time_ms: null,
    attempt: 0,
  });
  const id = await insertRun(db, bot, 5, { checks_performed: 1, issues_found: 2 });
  const { out } = await roundsman(url, 'runs', 'list', '--bot', 'waits', '-o', 'table');
  expect(out).toMatch(/ queued +manual +queued 3m ago /);
  const shown = await roundsman(url, 'runs', 'show', id);
  expect(shown.out).toMatch(/^Results +1 check, 2 findings, 0 actions$/m);
});

test('a check that passed with too few events to tell about some keys says so', async () => {
  const bot = await insertBot(db, 'unclear');
  const check = { title: 'Are answers good?', ms: 5, status: 'passed', findings: 0 };
  const id = await insertRun(db, bot, 5, {
    metadata: {
      checks: [
        { ...check, name: 'answers', unclear_keys: 3 },
        { ...check, name: 'latency', unclear_keys: 1 },
        { ...check, name: 'odd', unclear_keys: 'many' },
      ],
    },
  });
  const { out } = await roundsman(url, 'runs', 'show', id);
  expect(out).toMatch(/^answers .* too few events to tell for 3 keys$/m);
  expect(out).toMatch(/^latency .* too few events to tell for 1 key$/m);
  expect(out).not.toMatch(/^odd .* too few/m);
});

test('a check that passed and looked at nothing says so', async () => {
  const bot = await insertBot(db, 'empty');
  const check = { title: 'Is it good?', ms: 5, status: 'passed', findings: 0 };
  const id = await insertRun(db, bot, 5, {
    metadata: {
      checks: [
        { ...check, name: 'blank', examined: 0 },
        { ...check, name: 'full', examined: 2 },
        { ...check, name: 'older' },
        { ...check, name: 'away', status: 'skipped', examined: 0, reason: 'no feeds' },
      ],
    },
  });
  const { out } = await roundsman(url, 'runs', 'show', id);
  expect(out).toMatch(/^blank .* there was nothing to judge$/m);
  expect(out).toMatch(/^away .* no feeds$/m);
  expect(out.match(/nothing to judge/g)).toHaveLength(1);
});

test('a run that is due later says when', async () => {
  const bot = await insertBot(db, 'later');
  await insertRun(db, bot, 1, {
    status: 'queued',
    trigger: 'verify',
    completed_at: null,
    execution_time_ms: null,
    attempt: 0,
    run_after: ago(-11),
  });
  expect((await roundsman(url, 'runs', 'list', '--bot', 'later', '-o', 'table')).out).toMatch(
    / due in 1[01]m /,
  );
});

test('what earlier attempts of a run took is not what it takes now', async () => {
  const bot = await insertBot(db, 'again');
  const id = await insertRun(db, bot, 3, {
    status: 'queued',
    completed_at: null,
    execution_time_ms: 7_000,
    attempt: 1,
  });
  expect((await roundsman(url, 'runs', 'list', '--bot', 'again', '-o', 'table')).out).not.toContain(
    '7.0 s',
  );
  const { out } = await roundsman(url, 'runs', 'show', id);
  expect(out).not.toMatch(/^Took/m);
  expect(out).toMatch(/^Before +earlier attempts took 7\.0 s$/m);
});

test('findings are listed by rank and never by text, the open ones unless told', async () => {
  const bot = await insertBot(db, 'ranks');
  for (const severity of ['info', 'low', 'medium', 'high', 'critical'] as const)
    await insertFinding(db, bot, severity, { severity });
  await insertFinding(db, bot, 'older', { severity: 'critical', last_seen_at: ago(60) });
  await insertFinding(db, bot, 'gone', {
    severity: 'critical',
    last_seen_at: ago(90),
    resolved_at: ago(1),
    resolution_method: 'cleared',
  });
  const list = async (...args: string[]) => {
    const { json } = await roundsman(url, 'findings', 'list', '--bot', 'ranks', '--json', ...args);
    return json().map((finding: any) => finding.title);
  };
  expect(await list()).toEqual(['critical', 'older', 'high', 'medium', 'low', 'info']);
  expect(await list('--all', '--limit', '3')).toEqual(['critical', 'older', 'gone']);
  expect(await list('--resolved')).toEqual(['gone']);
  expect(await list('--severity', 'high')).toEqual(['high']);
});

test('knowledge has a rate only where a heal is decided', async () => {
  const bot = await insertBot(db, 'healer');
  const entry = { category: 'x', issue_pattern: 'xyz', solution: 'do' };
  const rows = await db
    .insertInto('bot_knowledge')
    .values([
      { name: 'never', ...entry },
      { name: 'failed-first-step', ...entry, times_applied: 1 },
      { name: 'failed', ...entry, times_applied: 1 },
      { name: 'held', ...entry, times_applied: 2, times_successful: 1, success_rate: 50 },
    ])
    .returning(['id', 'name'])
    .execute();
  const act = (name: string, heal: string, step: number, state: 'failed' | 'verified') =>
    db
      .insertInto('bot_actions')
      .values({
        bot_id: bot,
        knowledge_id: rows.find((row) => row.name === name)!.id,
        fingerprint: heal,
        heal_id: `00000000-0000-4000-8000-00000000000${heal}`,
        state,
        success: state === 'verified',
        applied_at: ago(1),
        step,
        action_type: 'remedy',
        action_description: 'x',
        remedy: 'x.y',
        risk: 'safe',
        idempotency_key: `${heal}-${step}`,
      })
      .execute();
  await act('failed', '1', 0, 'failed');
  // The heal went on to its next step, and that one is not decided yet.
  await act('failed-first-step', '2', 0, 'failed');
  await act('failed-first-step', '2', 1, 'verified');
  const { out } = await roundsman(url, 'knowledge', 'list', '-o', 'table');
  const rate = (name: string) =>
    new RegExp(`^${name} +x +shadow +yes +\\d +\\d +(.+?)  `, 'm').exec(out)?.[1];
  expect(['never', 'failed-first-step', 'failed', 'held'].map(rate)).toEqual([
    '-',
    '-',
    '0 %',
    '50 %',
  ]);
  const shown = await roundsman(url, 'knowledge', 'show', 'failed');
  expect(shown.out).toContain('0 held, 0 relapsed, 1 failed');
  const json = (await roundsman(url, 'knowledge', 'show', 'held', '--json')).json();
  expect(json).toMatchObject({
    times_successful: 1,
    success_rate: '50.00',
    bot_knowledge_autonomy: [],
    bot_knowledge_events: [],
  });
});

test('figures in bytes are shown in the largest unit, and stay bytes for programs', async () => {
  const bot = await insertBot(db, 'large');
  const figures = [25_276_059_648, 1_536, 1_023, 0, -5_242_880, 2 ** 51].map((value, at) => ({
    name: `size ${at}`,
    value,
    unit: 'bytes',
  }));
  const run = await insertRun(db, bot, 1, {
    metadata: { checks: [{ name: 'size', status: 'passed', ms: 5, figures }] },
  });
  const { out } = await roundsman(url, 'runs', 'show', run);
  const shown = [...out.matchAll(/ size (\d) +(.+)$/gm)].map(([, , value]) => value);
  expect(shown).toEqual(['23.5 GB', '1.5 kB', '1,023 bytes', '0 bytes', '-5 MB', '2,048 TB']);
  const document = (await roundsman(url, 'runs', 'show', run, '--json')).json();
  expect(document.metadata.checks[0].figures).toEqual(figures);
});

test.skipIf(!hasTerminal)('the reason of a skipped check is whole in 80 columns', async () => {
  const bot = await insertBot(db, 'skipping');
  const reason =
    'there are figures of 0 past weeks, and 3 are needed: the platform has to run that long first, and nothing needs to be done';
  const title = 'Are there as many requests as at this time in past weeks?';
  const run = await insertRun(db, bot, 1, {
    metadata: { checks: [{ name: 'traffic', status: 'skipped', ms: 5, title, reason }] },
  });
  const { shown } = await inTerminalOf(80, url, ['runs', 'show', run]);
  const words = shown.slice(shown.indexOf('Checks')).split(/\s+/);
  for (const word of reason.split(' ')) expect(words).toContain(word);
  expect(words).toContain('done');
});
