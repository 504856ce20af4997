import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inject } from 'vitest';
import { sql } from 'kysely';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { statusBlock } from '../../src/cli/status/block.ts';
import { showStatus } from '../../src/services/status/show.ts';
import { testDatabase } from '../support/database.ts';
import { set } from '../support/runs.ts';
import { administer, inDatabase } from '../support/postgres.ts';
import { roundsman, start } from './command.ts';
import { insertHeal, insertKnowledge } from './knowledge-rows.ts';
import { ago, insertBot, insertFinding, insertNode, insertRun, insertTicket } from './rows.ts';

const { db, url } = await testDatabase();

beforeEach(async () => {
  await sql`TRUNCATE bots CASCADE`.execute(db);
  await db.deleteFrom('engine.nodes').execute();
  await set(db, 'mode', 'safe');
});

describe('status', () => {
  const planned = { next_slot_at: ago(-5), next_execution_at: ago(-5) };
  const overdue = { next_slot_at: ago(5), next_execution_at: ago(5) };

  test('of an empty database says what to do, and needs nobody', async () => {
    const { code, out } = await roundsman(url, 'status');
    expect(code).toBe(0);
    expect(out).toContain('roundsman up');
    expect(out).toContain('Nothing needs you.');
  });

  test('is content with bots that run', async () => {
    const bot = await insertBot(db, 'watch', planned);
    await insertNode(db, 'up');
    await insertRun(db, bot, 1);
    await insertRun(db, bot, 2, { status: 'skipped', reason: 'overlap' });
    // One row for a stretch that was missed.
    const metadata = { count: 12, last: '2026-01-01T00:00:00.000Z' };
    await insertRun(db, bot, 4, { status: 'skipped', reason: 'missed', metadata });
    await insertRun(db, bot, 60 * 25, { status: 'failed' });
    const { code, out, err } = await roundsman(url, 'status');
    expect({ code, err }).toMatchObject({ code: 0 });
    expect(out).toMatch(
      /Runs, 24 h +1 success, 13 slots skipped \((1 overlap, 12 missed|12 missed, 1 overlap)\)$/m,
    );
    const { bot_executions, skipped } = (await roundsman(url, 'status', '--json')).json();
    expect({ bot_executions, skipped }).toEqual({
      bot_executions: { success: 1, skipped: 2 },
      skipped: { overlap: 1, missed: 12 },
    });
  });

  const ticket = async (values: object) =>
    void (await insertTicket(db, await insertBot(db, 'a', planned), 'down', values));
  const waiting = { status: 'queued', completed_at: null, execution_time_ms: null } as const;
  test.each([
    ['a critical ticket', ['up'], () => ticket({ severity: 'critical' }), /1 critical or high/],
    [
      'a ticket past its response target',
      ['up'],
      () => ticket({ severity: 'medium', respond_by: ago(3) }),
      /1 ticket past its response target for 3m \(T-\d+\): .*tickets show/,
    ],
    [
      'an overdue bot and no scheduler',
      ['worker'],
      () => insertBot(db, 'a', overdue),
      /no scheduler is alive.*1 bot overdue for 5m: .*roundsman scheduler/,
    ],
    [
      'an overdue bot',
      ['up'],
      () => insertBot(db, 'a', overdue),
      /1 bot overdue for 5m: .*roundsman doctor/,
    ],
    [
      'active bots and nothing alive',
      [],
      () => insertBot(db, 'a', planned),
      /no scheduler and no worker is alive.*roundsman up/,
    ],
    [
      'active bots and no worker',
      ['scheduler'],
      () => insertBot(db, 'a', planned),
      /no worker is alive.*roundsman worker/,
    ],
    [
      'a due run that waits while its bot has room',
      ['up'],
      async () => insertRun(db, await insertBot(db, 'a', planned), 4, waiting),
      /1 due run waits for 4m \(a\).*roundsman doctor/,
    ],
    ['mode off', ['up'], () => set(db, 'mode', 'off'), /the mode is off.*roundsman mode safe/],
    ['a bot in error', [], () => insertBot(db, 'a', { status: 'error' }), /1 bot in error/],
  ] as const)('ends with 6 for %s', async (_, alive, insert, why) => {
    for (const role of alive) await insertNode(db, role);
    await insert();
    const { code, out, json } = await roundsman(url, 'status', '--json');
    expect(code, out).toBe(6);
    expect(json().needs_attention).toEqual([expect.stringMatching(why)]);
    const shown = await roundsman(url, 'status');
    expect(shown.out.split('Needs you\n')[1]).toMatch(why);
    expect(shown.out).not.toContain('Nothing needs you');
  });

  test('keeps its document and adds what waits, what was lost and since when', async () => {
    const bot = await insertBot(db, 'watch', { ...planned, concurrency: 2 });
    const id = await insertRun(db, bot, 4, waiting);
    const lease = { worker: 'w', fence: 1, lease_until: ago(2) };
    const lost = await insertRun(db, bot, 9, { ...waiting, ...lease, status: 'running' });
    const document = (await roundsman(url, 'status', '--json')).json();
    expect(document).toMatchObject({
      mode: 'safe',
      alive: { schedulers: 0, workers: 0 },
      overdue: { count: 0, since: null, bots: [] },
      waiting: { count: 1, bot_executions: [{ id, name: 'watch' }] },
      lost: { count: 1, bot_executions: [{ id: lost, name: 'watch' }] },
      tickets: { count: 0, urgent: 0, late: 0, late_since: null, bot_tickets: [] },
    });
    expect(Date.parse(document.now) - Date.parse(document.waiting.since)).toBeGreaterThan(235_000);
    expect(document.needs.map(({ kind }: { kind: string }) => kind)).toEqual([
      'processes',
      'runs_lost',
    ]);
  });

  test('has bots and runs always in the same order', async () => {
    const states = ['error', 'disabled', 'paused', 'active'] as const;
    for (const [at, status] of states.entries()) await insertBot(db, `bot-${at}`, { status });
    const bot = await insertBot(db, 'watch', planned);
    for (const [at, status] of (
      ['skipped', 'timeout', 'cancelled', 'failed', 'success'] as const
    ).entries())
      await insertRun(db, bot, at + 1, { status });
    const { bots, runs } = await showStatus(db);
    expect(bots.map(({ status }) => status)).toEqual(['active', 'paused', 'disabled', 'error']);
    expect(runs.map(({ status }) => status)).toEqual([
      'success',
      'failed',
      'timeout',
      'cancelled',
      'skipped',
    ]);
  });

  test('is not alarmed by what a silence covers', async () => {
    const bot = await insertBot(db, 'a', planned);
    await insertNode(db, 'up');
    const finding = await insertFinding(db, bot, 'known', { affected_component: '/known' });
    await insertTicket(db, bot, 'known', { finding_id: finding, respond_by: ago(5) });
    expect((await roundsman(url, 'status')).code).toBe(6);
    await db
      .insertInto('bot_silences')
      .values({ component: '/known', owner: 'ann', reason: 'known', expires_at: ago(-60) })
      .execute();
    const { code, out } = await roundsman(url, 'status');
    expect(code).toBe(0);
    expect(out).toContain('\nNothing needs you now; 1 silence hides 1 finding and 1 ticket.\n');
    const { silences } = (await roundsman(url, 'status', '--json')).json();
    expect(silences).toEqual({ count: 1, open_findings: 1, pending_tickets: 1 });
    expect((await roundsman(url, 'report')).out).toContain(
      'Nothing needs you now; 1 silence hides 1 finding and 1 ticket.',
    );
    // What is both is named by both.
    await sql`INSERT INTO bot_maintenance (owner, reason, components, occurrences)
      VALUES ('ann', 'moved', '{/known}', tstzmultirange(tstzrange(engine.now() - interval '1 min', engine.now() + interval '1 h')))`.execute(
      db,
    );
    const both =
      'Nothing needs you now; 1 maintenance window holds back 1 finding and 1 ticket; 1 silence hides 1 finding and 1 ticket.';
    expect((await roundsman(url, 'status')).out).toContain(both);
    const wide = statusBlock(await showStatus(db), { rows: 24, columns: 200 });
    expect(wide).toContain(both);
    const narrow = statusBlock(await showStatus(db), { rows: 24, columns: 60 }).join(' ');
    expect(narrow.replaceAll(/ +/g, ' ')).toContain(both);
    await db.deleteFrom('bot_maintenance').execute();
    await db.deleteFrom('bot_silences').execute();
    expect((await roundsman(url, 'status')).out).not.toContain('hides');
  });

  test('says what became of heals, the wrong ones too', async () => {
    const bot = await insertBot(db, 'a', planned);
    await insertNode(db, 'up');
    const entry = await insertKnowledge(db, 'cure');
    for (const state of ['held', 'verified', 'relapsed', 'failed', 'undone'] as const)
      await insertHeal(db, bot, entry, state, { taken_at: ago(5) });
    const { out } = await roundsman(url, 'status');
    expect(out).toMatch(/^Heals, 24 h +1 verified, 1 held, 3 failed, relapsed or undone$/m);
    expect((await roundsman(url, 'status', '--json')).json()).toMatchObject({
      healed: 2,
      held: 1,
      heals: { verified: 2, waiting: 0, wrong: 3, unknown: 0 },
    });
    await db.deleteFrom('bot_knowledge').execute();
  });

  test('names the process that does not answer any more', async () => {
    await insertNode(db, 'up', 40);
    expect((await roundsman(url, 'status')).out).toMatch(
      /^Engine +not answering: no sign of up 1 on elsewhere for 4\ds; if it has ended/m,
    );
  });

  test('is not alarmed by medium, snoozed and finished tickets', async () => {
    const bot = await insertBot(db, 'a', planned);
    await insertNode(db, 'up');
    await insertTicket(db, bot, 'medium', { severity: 'medium' });
    await insertTicket(db, bot, 'snoozed', { snoozed_until: ago(-60) });
    await insertTicket(db, bot, 'closed', { status: 'closed', resolved_at: ago(1) });
    const { code, out, err } = await roundsman(url, 'status');
    expect(code).toBe(0);
    expect(err).toContain(
      '\n1 snoozed ticket is left out: `npx roundsman tickets list --snoozed`\n',
    );
    expect(out).toMatch(/^Last runs of 1 bot$/m);
    expect(out).toMatch(/^Tickets +2 open, 1 of them snoozed$/m);
    expect(out).toMatch(/^Tickets \(1\)$/m);
    expect((await roundsman(url, 'status', '--json')).json().tickets).toMatchObject({
      count: 2,
      snoozed: 1,
      urgent: 0,
      bot_tickets: [{ title: 'medium' }],
    });
  });

  test('names the newest failure of each bot, open findings and who is alive', async () => {
    const bot = await insertBot(db, 'watch', planned);
    await insertRun(db, bot, 9, { status: 'failed', reason: 'older' });
    await insertRun(db, bot, 5, { status: 'timeout', reason: 'newest' });
    await insertFinding(db, bot, 'one', { severity: 'critical' });
    await insertNode(db, 'up');
    await insertNode(db, 'worker', 60);
    const { out, json } = await roundsman(url, 'status', '--json');
    expect(json(), out).toMatchObject({
      mode: 'safe',
      bots: { active: 1, error: 0 },
      bot_executions: { failed: 1, timeout: 1 },
      failures: [{ name: 'watch', reason: 'newest' }],
      bot_findings: { critical: 1 },
      tickets: { count: 0, bot_tickets: [] },
    });
    const text = (await roundsman(url, 'status')).out;
    expect(text).toContain('1 scheduler, 1 worker alive');
    expect(text).not.toContain('older');
  });
});

describe('doctor', () => {
  const lines = (out: string) =>
    Object.fromEntries(
      out
        .split('\n')
        .filter((line) => /^(ok|warn|fail) /.test(line))
        .map((line) => [line.split(/ +/)[1]!, line.split(/ +/)[0]!]),
    );

  test('finds nothing broken in a migrated database where nothing runs', async () => {
    const { code, out } = await roundsman(url, 'doctor');
    expect(code).toBe(0);
    expect(lines(out)).toMatchObject({ Database: 'ok', Schema: 'ok', Processes: 'warn' });
  });

  test('sets its columns under each other', async () => {
    const { out } = await roundsman(url, 'doctor');
    const starts = out
      .split('\n')
      .flatMap((line) => /^((ok|warn|fail) +[A-Z]\w+ +)\S/.exec(line)?.[1]?.length ?? []);
    expect(starts.length).toBeGreaterThan(5);
    expect(new Set(starts)).toEqual(new Set([starts[0]]));
  });

  test('says what is broken: a bot in error, another queue, a Redis that is not there', async () => {
    await insertBot(db, 'watch', { status: 'error', status_reason: 'config: no days' });
    await db
      .insertInto('engine.settings')
      .values({ key: 'queue_backend', value: JSON.stringify('postgres') })
      .execute();
    const env = { REDIS_URL: 'redis://127.0.0.1:1' };
    const { code, out } = await start(url, ['doctor'], env).ended;
    expect(code).toBe(1);
    expect(lines(out)).toMatchObject({ Queue: 'fail', Bots: 'fail', Redis: 'fail' });
    expect(out).toContain('watch (config: no days)');
  });

  test('of a database that takes no writes names the cause, and nothing advises to start what may be alive', async () => {
    const bot = await insertBot(db, 'watch', { next_slot_at: ago(9), next_execution_at: ago(9) });
    await insertNode(db, 'up', 40);
    await insertRun(db, bot, 4, { status: 'queued', completed_at: null, execution_time_ms: null });
    await insertRun(db, bot, 9, {
      status: 'running',
      completed_at: null,
      execution_time_ms: null,
      worker: 'w',
      fence: 1,
      lease_until: ago(5),
    });
    const { pathname } = new URL(url);
    const name = pathname.slice(1);
    await administer(url, `ALTER DATABASE ${name} SET default_transaction_read_only = on`);
    onTestFinished(() =>
      administer(
        inDatabase(inject('postgresUrl'), 'postgres'),
        `ALTER DATABASE ${name} RESET default_transaction_read_only`,
      ),
    );
    const status = await roundsman(url, 'status');
    expect(status.code).toBe(6);
    expect(status.out).toMatch(/^Engine +not known: the database takes no writes/m);
    const [need, ...more] = status.out.split('Needs you\n')[1]!.trim().split('\n');
    expect(need).toMatch(/takes no writes: default_transaction_read_only is on \(database\)/);
    expect(more).toEqual([]);
    const doctor = await roundsman(url, 'doctor');
    expect(lines(doctor.out)).toMatchObject({ Database: 'fail', Processes: 'warn' });
    for (const { out } of [status, doctor])
      expect(out).not.toMatch(/roundsman (up|worker)|none is/);
  });

  test('never crashes: no database, none that answers, no settings that can be read', async () => {
    const home = join(tmpdir(), `roundsman-none-${randomUUID()}`);
    const none = await start(undefined, ['doctor'], { ROUNDSMAN_HOME: home }).ended;
    expect(lines(none.out)).toMatchObject({ Database: 'warn' });
    expect(none).toMatchObject({ code: 0, err: '' });
    const silent = await roundsman('postgres://x:secret@127.0.0.1:1/x', 'doctor');
    expect(lines(silent.out)).toMatchObject({ Database: 'fail' });
    expect(silent.code).toBe(1);
    expect(silent.out).not.toContain('secret');
    const bad = await roundsman('nonsense', 'doctor', '--json');
    expect(bad.json().at(-1)).toMatchObject({ subject: 'Config', status: 'fail' });
    const settings = {
      ROUNDSMAN_CONCURRENCY: 'y',
      ROUNDSMAN_LOG_LEVEL: 'z',
      ROUNDSMAN_CONNECTION: '1',
    };
    const several = await start(url, ['doctor', '--json'], settings).ended;
    expect(several.json().slice(1)).toMatchObject([
      {
        subject: 'Config',
        status: 'warn',
        detail: expect.stringContaining('did you mean ROUNDSMAN_CONNECTIONS?'),
      },
      { subject: 'Config', status: 'fail', detail: expect.stringContaining('CONCURRENCY cannot') },
      { subject: 'Config', status: 'fail', detail: expect.stringContaining('LOG_LEVEL cannot') },
    ]);
  });

  test.each([
    ['below a file', `${fileURLToPath(import.meta.url)}/a/home`],
    ['where nothing can be made', '/proc/roundsman/home'],
  ])('does not promise a database in a home %s', async (_, home) => {
    const { code, out } = await start(undefined, ['doctor'], { ROUNDSMAN_HOME: home }).ended;
    expect(lines(out)).toMatchObject({ Database: 'fail' });
    expect(code).toBe(1);
    expect(out).toContain('ROUNDSMAN_HOME');
    expect(out).not.toContain('roundsman up');
  });
});

describe('db', () => {
  test('status works before the first migration, and migrate applies each once', async () => {
    const server = inject('postgresUrl');
    const name = `test_${randomUUID().replaceAll('-', '')}`;
    await administer(server, `CREATE DATABASE ${name}`);
    try {
      const empty = inDatabase(server, name);
      expect((await roundsman(empty, 'bots', 'list')).code).toBe(1);
      expect((await roundsman(empty, 'doctor')).out).toContain('db migrate');
      const before = (await roundsman(empty, 'db', 'status', '--json')).json();
      expect(before.queue_backend).toBeNull();
      expect(before.kysely_migration[0]).toEqual({ name: 'v1_00_supabase', timestamp: null });
      const applied = (await roundsman(empty, 'db', 'migrate', '--json')).json();
      expect(applied).toHaveLength(before.kysely_migration.length);
      const again = await roundsman(empty, 'db', 'migrate');
      expect(again).toMatchObject({ code: 0, out: expect.stringContaining('up to date') });
      const { host } = new URL(empty);
      expect((await roundsman(empty, 'db', 'status')).out).toContain(` at ${host}/${name}\n`);
      const after = (await roundsman(empty, 'db', 'status', '--json')).json();
      expect(after.kysely_migration[0].timestamp).toMatch(/^\d{4}-/);
    } finally {
      await administer(server, `DROP DATABASE ${name} WITH (FORCE)`);
    }
  });

  describe('a server that lets nobody in is not one that does not run:', () => {
    const changed = (change: (url: URL) => void) => {
      const address = new URL(url);
      change(address);
      return address.href;
    };
    test.each([
      ['no such database', (to: URL) => (to.pathname = '/nowhere'), 'no such database', 'createdb'],
      ['no such role', (to: URL) => (to.username = 'nobody-here'), 'refuses the login', 'the user'],
      [
        'a wrong password',
        (to: URL) => (to.password = 'wrong'),
        'refuses the login',
        'the password',
      ],
      ['no password', (to: URL) => (to.password = ''), 'refuses the login', 'user:password'],
    ])('%s', async (_, change, what, hint) => {
      for (const command of [['db', 'status'], ['doctor']]) {
        const { code, out, err } = await roundsman(changed(change), ...command);
        expect(code).toBe(1);
        expect(out + err).toContain(what);
        expect(out + err).toMatch(new RegExp(`try: .*${hint}`));
        expect(out + err).not.toMatch(/cannot be reached|runs and|defect/);
      }
    });
  });

  test('a database that does not answer is no defect', async () => {
    const { code, err } = await roundsman('postgres://x:secret@127.0.0.1:1/x', 'db', 'status');
    expect(code).toBe(1);
    expect(err).toContain('cannot be reached');
    expect(err).not.toMatch(/defect|secret/);
  });
});
