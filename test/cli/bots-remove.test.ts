/** Bots are disabled, enabled, renamed and removed: what depends on them is named first, and their history stays. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { sql } from 'kysely';
import { testDatabase } from '../support/database.ts';
import { roundsman } from './command.ts';
import { insertKnowledge, steps } from './known.ts';
import { insertBot, insertFinding, insertRun, insertTicket } from './rows.ts';
import { ownFolder } from '../support/own-folder.ts';

const { db, url } = await testDatabase();
const bots = (...args: string[]) => roundsman(url, 'bots', ...args);
const row = (id: string) =>
  db.selectFrom('bots').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
const open = { completed_at: null, attempt: 0 };
const running = {
  status: 'running' as const,
  fence: 1,
  worker: 'w',
  attempt: 1,
  completed_at: null,
};

beforeEach(async () => {
  await sql`TRUNCATE bots, bot_knowledge, engine.cancellations CASCADE`.execute(db);
});

/** A bot with one open run of each kind, a finding, its ticket and an old run. */
async function busy() {
  const id = await insertBot(db, 'watch', { api_endpoint: '/api/bots/janitor' });
  const ended = await insertRun(db, id, 60);
  const queued = await insertRun(db, id, 1, { status: 'queued', ...open });
  const lease_until = sql<Date>`engine.now() + interval '1 hour'`;
  const going = await insertRun(db, id, 2, { ...running, lease_until });
  const finding = await insertFinding(db, id, 'one', { fingerprint: 'f1' });
  const ticket = await insertTicket(db, id, 'one', { fingerprint: 'f1', finding_id: finding });
  return { id, ended, queued, going, finding, ticket };
}

const runOf = (id: string) =>
  db.selectFrom('bot_executions').selectAll().where('id', '=', id).executeTakeFirstOrThrow();

describe('remove', () => {
  test('names what depends on the bot, and without a terminal does nothing unless it is told --yes', async () => {
    const { id } = await busy();
    const { code, err } = await bots('remove', 'watch');
    expect(code).toBe(2);
    for (const each of ['1 running run', '1 queued run', '1 open finding', '1 open ticket'])
      expect(err).toContain(each);
    expect(err).toContain('--yes');
    expect(await row(id)).toMatchObject({ status: 'active', removed_at: null });
  });

  test('ends its runs, resolves what it has open, and leaves its history', async () => {
    const { id, ended, queued, going, finding, ticket } = await busy();
    const { code, json } = await bots('remove', 'watch', '--yes', '--reason', 'enough', '--json');
    expect(code).toBe(0);
    expect(json()).toMatchObject({ cancelled: 1, stopping: 1, findings: 1, tickets: 1 });
    expect(await row(id)).toMatchObject({
      name: 'watch',
      status: 'disabled',
      status_reason: 'enough',
      removed_at: expect.any(Date),
      next_slot_at: null,
    });
    expect(await runOf(queued)).toMatchObject({
      status: 'cancelled',
      cancel_reason: 'its bot was removed',
    });
    expect(await runOf(going)).toMatchObject({
      status: 'running',
      cancel_requested_at: expect.any(Date),
    });
    expect((await bots('list', '--json')).json()).toEqual([]);
    expect((await bots('list', '--removed', '-o', 'table')).out).toMatch(/^watch +removed /m);
    expect((await bots('show', 'watch')).out).toContain('Removed');
    const runs = (await roundsman(url, 'runs', 'list', '--json')).json();
    expect(runs.map((run: any) => [run.id, run.bots.name])).toContainEqual([ended, 'watch']);
    const shown = await db
      .selectFrom('bot_findings')
      .selectAll()
      .where('id', '=', finding)
      .execute();
    expect(shown).toMatchObject([{ resolution_method: 'manual', resolved_at: expect.any(Date) }]);
    const told = (await roundsman(url, 'tickets', 'show', ticket, '--json')).json();
    expect(told).toMatchObject({ status: 'resolved', resolution_notes: 'Its bot was removed.' });
    expect((await roundsman(url, 'status', '--json')).json().bots).toMatchObject({ disabled: 0 });
  });

  test('a second time it says that it was removed already, with nothing changed', async () => {
    const { id } = await busy();
    await bots('remove', 'watch', '--yes');
    const before = await row(id);
    const { code, out } = await bots('remove', 'watch');
    expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining('removed already') });
    expect(await row(id)).toEqual(before);
  });

  test('two operators at once remove it once', async () => {
    await busy();
    const both = await Promise.all([
      bots('remove', 'watch', '--yes'),
      bots('remove', 'watch', '--yes'),
    ]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    expect(both.map(({ out }) => out.startsWith('Removed watch;')).toSorted()).toEqual([
      false,
      true,
    ]);
    const told = await db
      .selectFrom('bot_ticket_events')
      .where('event', '=', 'resolved')
      .selectAll()
      .execute();
    expect(told).toHaveLength(1);
  });

  test.each([
    ['run', ['run', 'watch']],
    ['backfill', ['backfill', 'watch', '--since', '1h']],
    ['pause', ['pause', 'watch']],
    ['resume', ['resume', 'watch']],
  ])('%s says that it was removed and how that is taken back', async (_, args) => {
    await insertBot(db, 'watch');
    await bots('remove', 'watch', '--yes');
    const { code, err } = await bots(...args);
    expect(code).toBe(1);
    expect(err).toContain('was removed');
    expect(err).toContain('bots enable watch');
  });

  test('enable takes it back, and a run finds again what is still wrong', async () => {
    const { id } = await busy();
    await bots('remove', 'watch', '--yes');
    const { code, out } = await bots('enable', 'watch');
    expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining('which was removed') });
    expect(await row(id)).toMatchObject({
      status: 'active',
      removed_at: null,
      status_reason: null,
    });
  });

  test('another bot may take its name: the removed one is called by a part of its id then', async () => {
    const { id, finding } = await busy();
    await bots('remove', 'watch', '--yes');
    const added = await bots(
      'add',
      'watch',
      '--endpoint',
      '/api/bots/ledger',
      '--schedule',
      '@daily',
    );
    const aside = `watch-${id.slice(0, 8)}`;
    expect(added.out).toContain(`is ${aside} now`);
    expect(await row(id)).toMatchObject({ name: aside, removed_at: expect.any(Date) });
    expect((await bots('show', 'watch', '--json')).json().api_endpoint).toBe('/api/bots/ledger');
    expect((await roundsman(url, 'findings', 'show', finding, '--json')).json().bots.name).toBe(
      aside,
    );
    expect((await bots('enable', aside)).code).toBe(0);
    expect((await bots('list', '-o', 'table')).out).toMatch(new RegExp(`^${aside} +active`, 'm'));
  });

  test('an enabled bot of the version before is not removed any more', async () => {
    const id = await insertBot(db, 'watch');
    await bots('remove', 'watch', '--yes');
    await sql`UPDATE bots SET status = 'active', status_reason = NULL WHERE id = ${id}::uuid`.execute(
      db,
    );
    expect(await row(id)).toMatchObject({ removed_at: null });
  });
});

describe('maintenance, the policy and notifications that name a bot', () => {
  const folder = ownFolder('dependents-');
  const file = (name: string, text: string) => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  const names = `{ when: { bots: [watch, other] }, `;

  beforeEach(async () => {
    await sql`TRUNCATE bot_maintenance`.execute(db);
    await insertBot(db, 'watch');
    await insertBot(db, 'other');
    const add = (...args: string[]) =>
      roundsman(url, 'maintenance', 'add', '--for', '2h', '--reason', 'x', '--yes', ...args);
    await add('--bot', 'watch');
    await add('--bot', 'watch', '--cron', '0 2 * * 0');
    await add('--component', 'watch');
    await add('--bot', 'other');
    const over = (await add('--bot', 'watch', '--json')).json().id;
    await roundsman(url, 'maintenance', 'end', over);
    const policy = `rules:
  - ${names}name: nights, steps: [{ after: 15m, to: owner }] }
  - { when: { bots: [other] }, steps: [{ after: 15m, to: owner }] }
  - ${names}steps: [{ after: 30m, to: owner }] }
`;
    expect((await roundsman(url, 'policy', 'set', file('policy.yaml', policy))).code).toBe(0);
    const notifications = `channels: { record: { kind: log } }
routes:
  - { to: [record], when: { bots: [other] } }
  - ${names}to: [record] }
`;
    const set = await roundsman(url, 'notify', 'set', file('notifications.yaml', notifications));
    expect(set.code, set.err).toBe(0);
  });

  afterAll(async () => {
    await sql`TRUNCATE bot_maintenance`.execute(db);
    await sql`DELETE FROM engine.settings WHERE key = 'notifications'`.execute(db);
    await roundsman(url, 'policy', 'set', '--default');
  });

  test('are listed before it is removed or disabled, and none that is over or of another bot', async () => {
    for (const verb of ['remove', 'disable']) {
      const { code, err } = await bots(verb, 'watch');
      expect(code).toBe(2);
      expect(err).toMatch(/maintenance windows for it: [\da-f]{8}, [\da-f]{8}\n/);
      expect(err).toContain('rules of the policy that name it: nights, rule 3\n');
      expect(err).toContain('routes of notifications that name it: route 2\n');
    }
    expect((await row((await bots('show', 'watch', '--json')).json().id)).status).toBe('active');
  });

  test('and before it is renamed, where they go by its name', async () => {
    const { code, err } = await bots('rename', 'watch', 'guard');
    expect(code).toBe(2);
    expect(err.match(/the maintenance window [\da-f]{8} names it/g)).toHaveLength(1);
    expect(err).toContain('the policy (nights) names it, and keeps the old name');
    expect(err).toContain('the policy (rule 3) names it');
    expect(err).toContain('the setting of notifications (route 2) names it');
    expect((await bots('rename', 'watch', 'guard', '--yes')).code).toBe(0);
    // The windows are kept by id, and follow.
    const windows = (await roundsman(url, 'maintenance', 'list', '--json')).json();
    expect(windows.filter((each: any) => each.bots?.includes('guard'))).toHaveLength(2);
  });

  test('documents that cannot be read stand in the way of nothing', async () => {
    await sql`UPDATE engine.settings SET value = '{"channels": 1}' WHERE key = 'notifications'`.execute(
      db,
    );
    const { code, err } = await bots('remove', 'watch');
    expect(code).toBe(2);
    expect(err).toContain('rules of the policy');
    expect(err).not.toContain('routes of notifications');
  });
});

describe('disable', () => {
  test('cancels what waits, asks what runs to end, and leaves findings and tickets open', async () => {
    const { id, queued, going, ticket } = await busy();
    expect((await bots('disable', 'watch')).code).toBe(2);
    expect(await row(id)).toMatchObject({ status: 'active' });
    const { code, out } = await bots('disable', 'watch', '--yes', '--reason', 'moved');
    expect(code).toBe(0);
    expect(out).toContain('stay open as they were last seen');
    expect(await row(id)).toMatchObject({
      status: 'disabled',
      status_reason: 'moved',
      removed_at: null,
    });
    expect(await runOf(queued)).toMatchObject({ status: 'cancelled' });
    expect(await runOf(going)).toMatchObject({ cancel_requested_at: expect.any(Date) });
    expect((await roundsman(url, 'tickets', 'show', ticket, '--json')).json().status).toBe('open');
    expect((await bots('list', '-o', 'table')).out).toMatch(/^watch +disabled/m);
    expect((await bots('disable', 'watch')).out).toContain('disabled already: moved');
  });

  test('asks nothing where nothing depends on the bot', async () => {
    await insertBot(db, 'watch');
    expect((await bots('disable', 'watch')).code).toBe(0);
    expect((await bots('enable', 'watch', '--json')).json().status).toBe('active');
  });

  test('a run whose row another transaction holds is asked all the same', async () => {
    const { going } = await busy();
    await db.transaction().execute(async (trx) => {
      await sql`SELECT FROM bot_executions WHERE id = ${going}::uuid FOR NO KEY UPDATE`.execute(
        trx,
      );
      expect((await bots('disable', 'watch', '--yes')).code).toBe(0);
    });
    const asked = await db.selectFrom('engine.cancellations').selectAll().execute();
    expect(asked).toMatchObject([{ execution_id: going, reason: 'its bot was disabled' }]);
  });

  test.each([
    ['paused', 'bots resume watch'],
    ['error', 'bots edit watch'],
  ] as const)('enable says what to do about a bot that is %s', async (status, hint) => {
    await insertBot(db, 'watch', { status });
    const { code, err } = await bots('enable', 'watch');
    expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining(hint) });
  });

  test('enable refuses a bot whose definition cannot run', async () => {
    await insertBot(db, 'watch', { status: 'disabled', api_endpoint: '/api/bots/gone' });
    const { code, err } = await bots('enable', 'watch');
    expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining('cannot be enabled') });
  });
});

describe('rename', () => {
  test('keeps the row with all that refers to it', async () => {
    const { id, ended, ticket } = await busy();
    const { code, out } = await bots('rename', 'watch', 'guard');
    expect({ code, out }).toEqual({
      code: 0,
      out: expect.stringContaining('Renamed watch to guard'),
    });
    expect(await row(id)).toMatchObject({ name: 'guard', status: 'active' });
    expect((await roundsman(url, 'runs', 'show', ended, '--json')).json().bots.name).toBe('guard');
    expect((await roundsman(url, 'tickets', 'show', ticket, '--json')).json().bots.name).toBe(
      'guard',
    );
    expect((await bots('show', 'watch')).code).toBe(3);
  });

  test('names playbooks and silences that go by the name, and asks', async () => {
    await insertBot(db, 'watch');
    await insertBot(db, 'other');
    const solution = 'steps:\n  - remedy: run.requeue\n    with: { bot: watch }\n';
    await insertKnowledge(db, 'requeue', { solution });
    await insertKnowledge(db, 'own', { solution: steps('run.requeue') });
    const silence = { component: 'watch', owner: 'ann', reason: 'x', until_resolved: true };
    await db.insertInto('bot_silences').values(silence).execute();
    const { code, err } = await bots('rename', 'watch', 'guard');
    expect(code).toBe(2);
    expect(err).toContain('the playbook of requeue names it');
    expect(err).not.toContain('the playbook of own');
    expect(err).toMatch(/the silence [0-9a-f]{8} names it/);
    expect((await bots('rename', 'watch', 'guard', '--yes')).code).toBe(0);
  });

  test.each([
    ['a name that a bot has', 'other', 1, 'a bot called other exists'],
    ['a name that no bot can have', 'No Name', 2, "cannot be a bot's name"],
    ['a name that is too long', 'x'.repeat(51), 2, 'too long'],
  ])('%s is refused', async (_, name, code, why) => {
    const id = await insertBot(db, 'watch');
    await insertBot(db, 'other');
    const refused = await bots('rename', 'watch', name);
    expect({ code: refused.code, err: refused.err }).toEqual({
      code,
      err: expect.stringContaining(why),
    });
    expect(await row(id)).toMatchObject({ name: 'watch' });
  });

  test('of two bots that are given one name at once, one gets it', async () => {
    await insertBot(db, 'a');
    await insertBot(db, 'b');
    const both = await Promise.all([bots('rename', 'a', 'c'), bots('rename', 'b', 'c')]);
    expect(both.map(({ code }) => code).toSorted()).toEqual([0, 1]);
    expect(both.map(({ err }) => err).join('')).toContain('a bot called c exists');
  });

  test('takes the name of a removed bot, whatever that one is called afterwards', async () => {
    const gone = await insertBot(db, 'guard');
    await bots('remove', 'guard', '--yes');
    // The first name that it would get is taken, too.
    await insertBot(db, `guard-${gone.slice(0, 8)}`);
    await insertBot(db, 'watch');
    const { out } = await bots('rename', 'watch', 'guard');
    expect(out).toContain('Renamed watch to guard');
    expect((await row(gone)).name).toBe(`guard-${gone}`);
  });
});
