/** What a person has to look at, from rows as the engine would have written them. */
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { waitingRuns } from '../../../src/data/bots/progress.ts';
import { changeMode } from '../../../src/data/bots/engine.ts';
import { heartbeat, removeNode } from '../../../src/maintain/heartbeat.ts';
import { ofOneMoment, readFacts } from '../../../src/services/progress/facts.ts';
import { inOneLine, needs } from '../../../src/services/progress/needs.ts';
import { ago, insertBot, insertNode, insertRun, insertTicket } from '../../cli/rows.ts';
import { testDatabase } from '../../support/database.ts';
import { set } from '../../support/runs.ts';

const { db } = await testDatabase();

beforeEach(async () => {
  await sql`TRUNCATE bots, bot_executions, bot_tickets CASCADE`.execute(db);
  await db.deleteFrom('engine.nodes').execute();
  await set(db, 'mode', 'safe');
});

const read = async () => needs(await ofOneMoment(db, readFacts));
const lines = async () => (await read()).map(inOneLine);

const planned = { next_slot_at: ago(-5), next_execution_at: ago(-5) };
const overdue = { next_slot_at: ago(5), next_execution_at: ago(5) };
/** Queued so many minutes ago and not taken since. */
const queued = {
  status: 'queued',
  completed_at: null,
  execution_time_ms: null,
  attempt: 0,
} as const;
/** Carried by a worker, with so long a lease. */
const running = (lease: number, values = {}) =>
  ({
    status: 'running',
    completed_at: null,
    execution_time_ms: null,
    worker: 'w',
    fence: 1,
    lease_until: ago(-lease),
    ...values,
  }) as const;
const secondsAgo = (seconds: number) => sql<Date>`engine.now() - make_interval(secs => ${seconds})`;

test('entries whose remedy no living process has are named, as long as a process says what it has', async () => {
  await sql`
    INSERT INTO bot_knowledge (name, category, issue_pattern, solution)
    VALUES ('mine.one', 'x', 'abcdef', E'steps:\\n  - remedy: mine.act\\n'), ('mine.two', 'x', 'ghijkl', E'steps:\\n  - remedy: known.act\\n')`.execute(
    db,
  );
  try {
    await insertNode(db, 'up');
    expect(await lines()).toEqual([]);
    await sql`UPDATE engine.nodes SET remedies = '{known.act}'`.execute(db);
    expect(await read()).toMatchObject([
      {
        kind: 'remedies_missing',
        what: expect.stringContaining('heals nothing: mine.one (mine.act)'),
      },
    ]);
    await sql`UPDATE engine.nodes SET remedies = '{known.act,mine.act}'`.execute(db);
    expect(await lines()).toEqual([]);
    await sql`UPDATE engine.nodes SET remedies = '{}', heartbeat_at = engine.now() - interval '1 hour'`.execute(
      db,
    );
    expect(await lines()).toEqual([]);
  } finally {
    await sql`DELETE FROM bot_knowledge WHERE name LIKE 'mine.%'`.execute(db);
  }
});

describe('processes', () => {
  test('a platform without bots needs none', async () => {
    expect(await lines()).toEqual([]);
    await insertBot(db, 'rests', { status: 'paused' });
    expect(await lines()).toEqual([]);
  });

  test('active bots need a scheduler and a worker; `up` is both', async () => {
    await insertBot(db, 'watch', planned);
    expect(await lines()).toEqual([
      'no scheduler and no worker is alive; 1 active bot does not run: start both with `npx roundsman up`',
    ]);
    await insertNode(db, 'scheduler');
    expect(await lines()).toEqual([
      'no worker is alive; queued runs are not carried out: start one with `npx roundsman worker`',
    ]);
    await db.deleteFrom('engine.nodes').execute();
    await insertNode(db, 'worker');
    expect(await lines()).toEqual([
      'no scheduler is alive; 1 active bot does not run: start one with `npx roundsman scheduler`',
    ]);
    await db.deleteFrom('engine.nodes').execute();
    await insertNode(db, 'up');
    expect(await lines()).toEqual([]);
  });

  test('one that went silent is missing, and says since when', async () => {
    await insertBot(db, 'watch', planned);
    await insertNode(db, 'up', 60 * 7);
    expect((await lines())[0]).toContain('(last sign of one 7m ago: its heartbeat)');
  });

  test('of one that ended in order, what it wrote last is its sign', async () => {
    const bot = await insertBot(db, 'watch', { ...planned, last_execution_at: ago(20) });
    const last = async () => /\(last sign of one .*?\)/.exec((await lines())[0]!)?.[0];
    expect(await last()).toBe('(last sign of one 20m ago: a run began)');
    await insertRun(db, bot, 9, { status: 'success', completed_at: ago(8) });
    expect(await last()).toBe('(last sign of one 8m ago: a run ended)');
    try {
      await sql`INSERT INTO engine.jobs (name) VALUES ('tidy') ON CONFLICT DO NOTHING`.execute(db);
      await sql`
        INSERT INTO engine.job_runs (job, status, queued_at, scheduled_for, started_at, completed_at)
        VALUES ('tidy', 'success', engine.now() - interval '5 seconds', engine.now() - interval '5 seconds',
                engine.now() - interval '4 seconds', engine.now() - interval '3 seconds')`.execute(
        db,
      );
      expect(await last()).toMatch(/^\(last sign of one \ds ago: a job ended\)$/);
    } finally {
      await sql`DELETE FROM engine.job_runs`.execute(db);
    }
  });

  test('of one that was stopped, its stop is its sign, until something newer is', async () => {
    const bot = await insertBot(db, 'watch', { ...planned, last_execution_at: ago(20) });
    const last = async () => /\(last sign of one .*?\)/.exec((await lines())[0] ?? '')?.[0];
    const stop = async (role: 'up' | 'scheduler' | 'worker') => {
      const node = { id: randomUUID(), role };
      await heartbeat(db, node);
      await removeNode(db, node);
    };
    const stops = () =>
      db.selectFrom('engine.settings').select('value').where('key', '=', 'last_stop').execute();
    const longAgo = (minutes: number) =>
      sql`
      UPDATE engine.settings SET value = jsonb_build_object('worker', engine.now() - make_interval(mins => ${minutes}))
      WHERE key = 'last_stop'`.execute(db);
    try {
      await stop('worker');
      expect(await last()).toMatch(/^\(last sign of one \d+s ago: it was stopped\)$/);
      await longAgo(9);
      expect(await last()).toBe('(last sign of one 9m ago: it was stopped)');
      await insertRun(db, bot, 9, { status: 'success', completed_at: ago(8) });
      expect(await last()).toBe('(last sign of one 8m ago: a run ended)');
      // Of a scheduler, the stop of a worker is no sign.
      await insertNode(db, 'worker');
      expect(await last()).toBeUndefined();
      await stop('scheduler');
      expect(await last()).toMatch(/ \d+s ago: it was stopped\)$/);
      await stop('up');
      expect(await stops()).toEqual([
        { value: { scheduler: expect.any(String), worker: expect.any(String) } },
      ]);
    } finally {
      await sql`DELETE FROM engine.settings WHERE key = 'last_stop'`.execute(db);
    }
  });

  test('what follows from it is said in the same line, once', async () => {
    const bot = await insertBot(db, 'watch', overdue);
    await insertRun(db, bot, 12, queued);
    await insertRun(db, bot, 3, queued);
    expect(await lines()).toEqual([
      expect.stringMatching(
        /^no scheduler and no worker is alive.*1 bot overdue for 5m, 2 due runs wait, the longest for 12m: /,
      ),
    ]);
  });

  test('a run that a person asked of a paused bot needs a worker and no scheduler', async () => {
    const bot = await insertBot(db, 'rests', { status: 'paused' });
    await insertRun(db, bot, 2, queued);
    expect(await lines()).toEqual([
      expect.stringMatching(/^no worker is alive; 1 due run waits for 2m: /),
    ]);
  });
});

describe('due runs that wait while their bot has room', () => {
  beforeEach(() => insertNode(db, 'up'));

  test('are a need a minute after their time, with how many and since when', async () => {
    const bot = await insertBot(db, 'watch', planned);
    await insertRun(db, bot, 0, { ...queued, queued_at: secondsAgo(50) });
    expect(await lines()).toEqual([]);
    await insertRun(db, bot, 3, queued);
    expect(await lines()).toEqual([
      '1 due run waits for 3m (watch), although its bot has a free place: `npx roundsman doctor` finds out where runs stop',
    ]);
    await insertRun(db, bot, 5, { ...queued, generation: 3 });
    expect((await lines())[0]).toMatch(/^2 due runs wait, the longest for 5m \(watch\)/);
  });

  test.each(['paused', 'disabled', 'error'] as const)(
    'whatever else is true of their bot: %s',
    async (status) => {
      await insertRun(db, await insertBot(db, 'watch', { status }), 3, queued);
      expect((await read()).map(({ kind }) => kind)).toContain('runs_waiting');
    },
  );

  test('also while nothing is healed: checks go on', async () => {
    await changeMode(db, 'off', { by: 'ann', reason: null });
    await insertRun(db, await insertBot(db, 'watch', planned), 3, queued);
    expect((await read()).map(({ kind }) => kind)).toEqual(['runs_waiting', 'healing_off']);
  });

  test.each([
    ['a retry whose time has not come', { run_after: ago(-1) }, {}],
    ['a retry whose time came a moment ago', { run_after: secondsAgo(20) }, {}],
    ['a run that a person wants to end', { cancel_requested_at: ago(1) }, {}],
    [
      'one that its worker was taken from a moment ago',
      { worker: 'w', started_at: ago(20), execution_time_ms: (20 * 60 - 5) * 1000 },
      {},
    ],
    ['one behind a run of its bot', {}, running(1)],
    [
      'one whose bot ended another a moment ago',
      {},
      { status: 'success', completed_at: secondsAgo(3) },
    ],
    [
      'one whose bot lost another a moment ago',
      {},
      {
        ...queued,
        worker: 'w',
        queued_at: secondsAgo(5),
        started_at: ago(20),
        execution_time_ms: (20 * 60 - 5) * 1000,
      },
    ],
  ] as const)('but not %s', async (_, values, beside) => {
    const bot = await insertBot(db, 'watch', planned);
    await insertRun(db, bot, 30, { ...queued, ...values });
    if (Object.keys(beside).length > 0) await insertRun(db, bot, 20, beside);
    expect(await lines()).toEqual([]);
  });

  test('also behind one of two places, and behind a run that was lost long ago', async () => {
    const wide = await insertBot(db, 'wide', { ...planned, concurrency: 2 });
    await insertRun(db, wide, 20, running(1));
    await insertRun(db, wide, 30, queued);
    const ended = await insertBot(db, 'ended', planned);
    await insertRun(db, ended, 1, { status: 'success', completed_at: secondsAgo(30) });
    await insertRun(db, ended, 30, queued);
    expect((await waitingRuns(db)).bot_executions.map(({ name }) => name).toSorted()).toEqual([
      'ended',
      'wide',
    ]);
  });

  test('with every place busy another worker is what helps', async () => {
    await db.updateTable('engine.nodes').set({ id: 'w', places: 1 }).execute();
    await insertRun(db, await insertBot(db, 'long', planned), 20, running(1));
    await insertRun(db, await insertBot(db, 'watch', planned), 3, queued);
    expect(await lines()).toEqual([
      expect.stringContaining('the only place of the worker is busy; start another worker with'),
    ]);
  });
});

test('a run that its worker left behind and nothing takes over is a need', async () => {
  await insertNode(db, 'up');
  const bot = await insertBot(db, 'watch', planned);
  await insertRun(db, bot, 20, running(-0));
  expect(await lines()).toEqual([]);
  await db
    .updateTable('bot_executions')
    .set({ lease_until: ago(4) })
    .execute();
  expect(await lines()).toEqual([
    expect.stringMatching(/^1 run left behind by its worker and not taken over for 4m \(watch\)/),
  ]);
});

test('overdue bots say how many and since when', async () => {
  await insertNode(db, 'up');
  await insertBot(db, 'one', overdue);
  await insertBot(db, 'two', { next_slot_at: ago(70), next_execution_at: ago(70) });
  expect(await lines()).toEqual([
    '2 bots overdue, the longest for 1h: `npx roundsman doctor` looks closer',
  ]);
});

describe('tickets', () => {
  const late = { severity: 'medium', respond_by: ago(90) } as const;

  test('past their response target are a need, whoever has them', async () => {
    const bot = await insertBot(db, 'rests', { status: 'paused' });
    const first = await insertTicket(db, bot, 'late', {
      ...late,
      status: 'assigned',
      assigned_to: 'admin',
    });
    await insertTicket(db, bot, 'later', { ...late, respond_by: ago(2) });
    expect(await lines()).toEqual([
      `2 tickets past their response target, the longest for 2h (${first}): \`npx roundsman tickets show ${first}\``,
    ]);
  });

  test.each([
    ['acknowledged', { acknowledged_at: ago(100) }],
    ['snoozed', { snoozed_until: ago(-5) }],
    ['ended', { status: 'closed', resolved_at: ago(1) }],
    ['within its target', { respond_by: ago(-5) }],
    ['without a target', { respond_by: null }],
  ] as const)('but not one that is %s', async (_, values) => {
    const bot = await insertBot(db, 'rests', { status: 'paused' });
    await insertTicket(db, bot, 'quiet', { ...late, ...values });
    expect(await lines()).toEqual([]);
  });
});

describe('jobs', () => {
  const job = (values: object) =>
    db
      .insertInto('engine.job_runs')
      .values({ job: 'tidy', ...values })
      .execute();
  const carried = (lease: number) => ({
    status: 'running' as const,
    worker: 'w',
    fence: 1,
    lease_until: ago(-lease),
  });

  beforeEach(async () => {
    await sql`TRUNCATE engine.job_runs, engine.jobs CASCADE`.execute(db);
    await db
      .insertInto('engine.jobs')
      .values([{ name: 'tidy' }, { name: 'mend' }])
      .execute();
    await insertNode(db, 'up');
  });

  test('a process that has just started has some seconds to take up what waits: jobs, runs and slots', async () => {
    await db.deleteFrom('engine.nodes').execute();
    await insertRun(db, await insertBot(db, 'watch', overdue), 3, queued);
    await job({ status: 'queued', queued_at: ago(3) });
    const startedAt = (seconds: number) =>
      db
        .updateTable('engine.nodes')
        .set({ started_at: secondsAgo(seconds) })
        .execute();
    const kinds = async () => (await read()).map(({ kind }) => kind);
    await insertNode(db, 'up');
    await startedAt(3);
    expect(await kinds()).toEqual([]);
    const all = ['runs_waiting', 'jobs_stalled', 'bots_overdue'];
    await startedAt(16);
    expect(await kinds()).toEqual(all);
    // Beside one that has been there for longer, a new one changes nothing.
    await startedAt(3);
    await insertNode(db, 'up');
    expect(await kinds()).toEqual(all);
  });

  test('one that waits for a minute, or was left behind for one, does not go on', async () => {
    await job({ queued_at: secondsAgo(59) });
    expect(await lines()).toEqual([]);
    await job({ queued_at: ago(4) });
    expect(await lines()).toEqual([
      expect.stringMatching(/^1 run of jobs does not go on for 4m \(tidy\): /),
    ]);
    await job({ job: 'mend', queued_at: ago(60), ...carried(-7) });
    expect(await lines()).toEqual([
      expect.stringMatching(/^2 runs of jobs do not go on, the longest for 7m \(mend\): /),
    ]);
    // Without a worker that is the need, and not what follows from it.
    await db.deleteFrom('engine.nodes').execute();
    expect((await read()).map(({ kind }) => kind)).not.toContain('jobs_stalled');
  });

  test('one that waits behind another of its job, or for its time, is on its way', async () => {
    await job({ queued_at: ago(4) });
    await job({ queued_at: ago(9), ...carried(1) });
    await job({ job: 'mend', queued_at: ago(9), run_after: ago(-5) });
    expect(await lines()).toEqual([]);
    await sql`UPDATE engine.job_runs SET status = 'success', lease_until = NULL, completed_at = engine.now()
              WHERE status = 'running'`.execute(db);
    expect(await lines(), 'another has just ended').toEqual([]);
    await sql`UPDATE engine.job_runs SET completed_at = completed_at - interval '11 seconds'`.execute(
      db,
    );
    expect((await read()).map(({ kind }) => kind)).toEqual(['jobs_stalled']);
  });

  test('one whose newest run failed is named until one succeeds', async () => {
    await job({ status: 'failed', completed_at: ago(30) });
    await job({ job: 'mend', status: 'timeout', completed_at: ago(90) });
    await job({ job: 'mend', status: 'success', completed_at: ago(80) });
    expect(await lines()).toEqual([
      expect.stringMatching(/^1 job failed in its newest run 30m ago \(tidy\): /),
    ]);
    await job({ status: 'skipped', completed_at: ago(20) });
    await job({ status: 'cancelled', completed_at: ago(15) });
    expect(await read()).toHaveLength(1);
    await job({ status: 'success', completed_at: ago(10) });
    expect(await lines()).toEqual([]);
  });
});

describe('the job retention', () => {
  const late = 'the time was over; the next run goes on';
  const night = (ago_: number, left: object | null, values = {}) =>
    db
      .insertInto('engine.job_runs')
      .values({
        job: 'retention',
        status: 'success',
        queued_at: ago(ago_),
        scheduled_for: ago(ago_),
        completed_at: ago(ago_ - 1),
        figures: JSON.stringify({ removed: 5, ...(left && { left }) }),
        ...values,
      })
      .execute();

  beforeEach(async () => {
    await sql`TRUNCATE engine.job_runs, engine.jobs CASCADE`.execute(db);
    await db.insertInto('engine.jobs').values({ name: 'retention' }).execute();
    await insertNode(db, 'up');
  });

  test('needs a person once it has left rows of one table in each of three nights', async () => {
    await night(4_000, { api_logs: late });
    await night(3_000, { api_logs: late, page_views: late });
    expect(await lines()).toEqual([]);
    await night(2_000, { api_logs: late, error_logs: late });
    expect(await lines()).toEqual([
      `the job retention has left old rows of api_logs in each of its last three nights (${late}): \`npx roundsman jobs show retention\` says why of each table; \`npx roundsman settings retention_minutes 360\` gives it more time, and docs/capacity.md says what to do when that is not enough`,
    ]);
    // A slot that was skipped is no night.
    await night(1_500, null, { status: 'skipped', figures: null });
    expect(await read()).toHaveLength(1);
    await night(1_000, { error_logs: late, page_views: late });
    expect(await lines()).toEqual([]);
  });

  test('no more once a run that a person asked for has come to its end', async () => {
    for (const at of [4_000, 3_000, 2_000]) await night(at, { api_logs: late, page_views: late });
    expect(await lines()).toEqual([
      expect.stringMatching(/old rows of api_logs and 1 more table in each/),
    ]);
    await night(10, { api_logs: late }, { scheduled_for: null });
    expect(await lines()).toEqual([expect.stringMatching(/old rows of api_logs in each/)]);
    await night(5, null, { scheduled_for: null });
    expect(await lines()).toEqual([]);
  });

  test('figures of another form are passed over', async () => {
    for (const at of [4_000, 3_000, 2_000])
      await night(at, null, { figures: JSON.stringify({ left: ['api_logs'] }) });
    expect(await lines()).toEqual([]);
  });
});

test('a switched off engine says who did it, since when and why', async () => {
  await changeMode(db, 'off', { by: 'ann', reason: 'a move' });
  expect(await lines()).toEqual([
    expect.stringMatching(
      /^the mode is off for \d+s, set by ann \(a move\); nothing is healed: `npx roundsman mode safe`/,
    ),
  ]);
  await db.deleteFrom('engine.settings').where('key', '=', 'mode').execute();
  expect(await lines()).toEqual([expect.stringContaining('the mode is not set')]);
  await db.insertInto('engine.settings').values({ key: 'mode', value: '"safe"' }).execute();
});

test('the most urgent comes first', async () => {
  const bot = await insertBot(db, 'watch', { status: 'error' });
  await insertBot(db, 'other', overdue);
  await insertRun(db, bot, 5, running(-5));
  await insertTicket(db, bot, 'late', { severity: 'critical', respond_by: ago(1) });
  await changeMode(db, 'off', { by: 'ann', reason: null });
  expect((await read()).map(({ kind }) => kind)).toEqual([
    'processes',
    'runs_lost',
    'tickets_late',
    'tickets_urgent',
    'bots_in_error',
    'healing_off',
  ]);
});

test('code of the project that living processes have left out is a need, once however many have it', async () => {
  const refused = [
    { place: 'bots/a.ts:3', why: 'boom', hint: 'correct the file' },
    { place: 'bots/b.ts', why: 'it exports no bot', hint: 'export one' },
  ];
  for (const id of ['one', 'two'])
    await heartbeat(db, { id, role: 'up', places: 1, bots: [], refused });
  expect(await lines()).toEqual([
    'code of the project is left out: bots/a.ts:3: boom, and 1 more: correct the file; then restart the processes (`npx roundsman doctor` names all)',
  ]);
  await db
    .updateTable('engine.nodes')
    .set({ refused: JSON.stringify('by hand') })
    .execute();
  expect(await lines()).toEqual([]);
});

describe('bots that look at nothing', () => {
  test('an active bot whose newest run performed no check is a need, until one does', async () => {
    await insertNode(db, 'up');
    const id = await insertBot(db, 'watch', planned);
    await insertRun(db, id, 30, { status: 'success', checks_performed: 2 });
    expect(await lines()).toEqual([]);
    await insertRun(db, id, 10, { status: 'failed', checks_performed: 0 });
    expect((await read()).map(({ kind }) => kind)).toEqual(['bots_unchecked']);
    expect((await lines())[0]).toMatch(/^1 active bot has performed no check for 10m \(watch\)/);
    await insertRun(db, id, 5, { status: 'success', checks_performed: 2 });
    expect(await lines()).toEqual([]);
  });

  test('it says since when: since the first such run behind the last check, however many follow', async () => {
    await insertNode(db, 'up');
    const id = await insertBot(db, 'watch', planned);
    const failed = { status: 'failed', checks_performed: 0 } as const;
    for (const minutes of [50, 40]) await insertRun(db, id, minutes, failed);
    expect((await lines())[0]).toMatch(/performed no check for 50m \(watch\)/);
    await insertRun(db, id, 30, { status: 'failed', checks_performed: 1 });
    for (const minutes of [13, 8, 3]) await insertRun(db, id, minutes, failed);
    expect((await lines())[0]).toMatch(/performed no check for 13m \(watch\)/);
    // Only verifications: what they looked at was no check of the bot.
    await insertRun(db, id, 1, { status: 'success', trigger: 'verify', checks_performed: 2 });
    expect((await lines())[0]).toMatch(/performed no check for 13m \(watch\)/);
  });
});

test('a role from which row level security hides rows is never told that all is well', async () => {
  await sql`CREATE ROLE sees_little`.execute(db);
  try {
    const seen = await db.transaction().execute(async (trx) => {
      await sql`GRANT USAGE ON SCHEMA public, engine TO sees_little`.execute(trx);
      await sql`GRANT SELECT ON ALL TABLES IN SCHEMA public, engine TO sees_little`.execute(trx);
      await sql`GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA engine, public TO sees_little`.execute(
        trx,
      );
      await sql`SET LOCAL ROLE sees_little`.execute(trx);
      return needs(await readFacts(trx));
    });
    expect(seen[0]).toMatchObject({ kind: 'rows_hidden' });
  } finally {
    await sql`DROP OWNED BY sees_little`.execute(db);
    await sql`DROP ROLE sees_little`.execute(db);
  }
  expect((await read()).map(({ kind }) => kind)).not.toContain('rows_hidden');
});

describe('what is kept', () => {
  const insertRunOf = (job: string, daysAgo: number, figures: object, isSlot = true) =>
    sql`INSERT INTO engine.job_runs (job, scheduled_for, status, figures, queued_at, completed_at)
        SELECT ${job}, CASE WHEN ${isSlot} THEN at END, 'success', ${JSON.stringify(figures)}::jsonb, at, at
        FROM (SELECT date_trunc('minute', engine.now()) - make_interval(days => ${daysAgo})) a (at)`.execute(
      db,
    );
  beforeEach(async () => {
    await db.deleteFrom('engine.job_runs').execute();
  });
  afterEach(async () => {
    await db.deleteFrom('engine.job_runs').execute();
    await db.deleteFrom('engine.backups').execute();
    await db.deleteFrom('engine.settings').where('key', '=', 'backup_folder').execute();
  });

  test('a job that comes too late for its hours night after night, until a person has it run', async () => {
    await sql`INSERT INTO engine.jobs (name) VALUES ('retention') ON CONFLICT DO NOTHING`.execute(
      db,
    );
    const late = { removed: 0, why: 'its slot is more than 90 minutes ago', late: true };
    await insertRunOf('retention', 4, { removed: 9 });
    for (const days of [3, 2]) await insertRunOf('retention', days, late);
    expect(await lines()).toEqual([]);
    await insertRunOf('retention', 1, late);
    expect(await lines()).toEqual([
      'the job retention came too late for each of its last three slots, and did nothing (its slot is more than 90 minutes ago): ' +
        '`npx roundsman jobs run retention` does it now; it does it by itself where scheduler and worker run at that time',
    ]);
    await insertRunOf('retention', 0, { removed: 4 }, false);
    expect(await lines()).toEqual([]);
  });

  test('backups that are not made, although there is a folder for them', async () => {
    await sql`INSERT INTO engine.settings (key, value, changed_at) VALUES ('backup_folder', '"/b"', engine.now() - interval '40 hours')`.execute(
      db,
    );
    expect(await lines()).toEqual([
      expect.stringMatching(
        /^no backup has succeeded in the 40 hours since backup_folder was set: /,
      ),
    ]);
    const made = (ago: string) =>
      sql`INSERT INTO engine.backups (began_at, ended_at, taken_at, outcome, target, folder, file_name, host, encrypted, bytes, sha256, server_version, tables, rows, left_out, requested_by)
          SELECT at, at, at, 'success', 'folder', '/b', ${ago}, 'h', false, 1, repeat('0', 64), '18.4', 1, 1, 0, 'ann'
          FROM (SELECT engine.now() - ${ago}::interval AS at) begun`.execute(db);
    await made('50 hours');
    expect(await lines()).toEqual([expect.stringMatching(/^the newest backup is 50 hours old: /)]);
    await made('2 hours');
    expect(await lines()).toEqual([]);
  });
});
