import { beforeEach, describe, expect, test } from 'vitest';
import { sql } from 'kysely';
import { rescuer } from '../../src/maintain/rescue.ts';
import { testDatabase } from '../support/database.ts';
import { roundsman, start } from './command.ts';
import { ago, insertBot, insertNode, insertRun } from './rows.ts';

const { db, url } = await testDatabase();
let watch: string;
beforeEach(async () => {
  await sql`TRUNCATE bots, engine.nodes, engine.cancellations CASCADE`.execute(db);
  watch = await insertBot(db, 'watch');
});

const open = { completed_at: null, execution_time_ms: null };
const queued = (values: object = {}) =>
  insertRun(db, watch, 3, { ...open, status: 'queued', attempt: 0, ...values });
const running = (values: object = {}) =>
  insertRun(db, watch, 3, {
    ...open,
    status: 'running',
    fence: 1,
    worker: 'w',
    lease_until: ago(-60),
    ...values,
  });
const rowOf = (id: string) =>
  db.selectFrom('bot_executions').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
/** What every process does once a second. */
const hear = rescuer(
  db,
  { add: async () => {}, entryState: async () => 'waiting' } as never,
  async () => [],
  () => {},
);
const cancel = (...args: string[]) => roundsman(url, 'runs', 'cancel', ...args);

describe('a queued run', () => {
  test('ends at once, with the reason', async () => {
    const id = await queued();
    const { code, out } = await cancel(id.slice(0, 8), '--reason', '  asked for by mistake ');
    expect(code).toBe(0);
    expect(out).toBe(`Cancelled run ${id.slice(0, 8)} of watch: it had not started.\n`);
    const row = await rowOf(id);
    expect(row).toMatchObject({
      status: 'cancelled',
      reason: 'cancelled',
      cancel_reason: 'asked for by mistake',
    });
    expect(row.completed_at).toEqual(row.cancel_requested_at);
    const listed = await roundsman(url, 'runs', 'list', '-o', 'table');
    expect(listed.out).toMatch(/cancelled: asked for by mistake$/m);
    const shown = await roundsman(url, 'runs', 'show', id);
    expect(shown.out).toMatch(/^Cancelled +asked for at .* UTC: asked for by mistake$/m);
  });

  test('that waits for another attempt is left to rescue: what it recorded must reach people', async () => {
    const id = await queued({ attempt: 1, reason: 'check errored', run_after: ago(-5) });
    expect((await cancel(id)).out).toContain('to stop. It had not started again');
    const row = await rowOf(id);
    expect(row).toMatchObject({ status: 'queued', attempt: 1 });
    expect(row.cancel_requested_at).not.toBeNull();
  });

  test('--json prints the row as it is now', async () => {
    const id = await queued();
    const { json } = await cancel(id, '--json');
    expect(json()).toMatchObject({ id, status: 'cancelled', cancel_reason: null });
    expect(Object.keys(json())).toEqual(Object.keys(await rowOf(id)));
  });
});

describe('a running run', () => {
  test('is asked to stop once; its status is its own', async () => {
    const id = await running();
    const first = await cancel(id, '--reason', 'it hangs');
    expect(first).toMatchObject({ code: 0, out: expect.stringContaining(' of watch to stop.') });
    expect(first.err).toContain('no worker is alive');
    const row = await rowOf(id);
    expect(row).toMatchObject({ status: 'running', completed_at: null, cancel_reason: 'it hangs' });
    const second = await cancel(id);
    expect(second).toMatchObject({ code: 0, out: expect.stringContaining('to stop already, at') });
    expect(await rowOf(id)).toEqual(row);
    expect((await roundsman(url, 'runs', 'list', '-o', 'table')).out).toMatch(
      /asked to stop: it hangs$/m,
    );
  });

  test.each([
    ['cancelled', 0, 'watch: cancelled'],
    ['success', 1, 'It had ended before it was stopped.'],
  ] as const)('--wait ends with it: %s is %i', async (status, code, said) => {
    await insertNode(db, 'worker');
    const id = await running();
    const waiting = start(url, ['runs', 'cancel', id, '--wait']);
    await waiting.said('waiting for');
    await db
      .updateTable('bot_executions')
      .set({ status, completed_at: sql<Date>`engine.now()` })
      .execute();
    const ended = await waiting.ended;
    expect(ended.code).toBe(code);
    expect(ended.out).toContain(said);
    expect(ended.err).not.toContain('no worker');
  });

  test('Ctrl-C stops waiting; it was asked all the same', async () => {
    const id = await running();
    const waiting = start(url, ['runs', 'cancel', id, '--wait']);
    await waiting.said('waiting for');
    waiting.stop('SIGINT');
    expect(await waiting.ended).toMatchObject({ code: 130, out: '' });
    expect((await rowOf(id)).cancel_requested_at).not.toBeNull();
  });
});

test.each(['success', 'failed', 'timeout', 'cancelled', 'skipped'] as const)(
  'a run that ended as %s is refused with 1, and stays as it is',
  async (status) => {
    const id = await insertRun(db, watch, 5, { status });
    const before = await rowOf(id);
    const { code, out, err } = await cancel(id, '--reason', 'too late');
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(new RegExp(`it ended as ${status} at \\d{4}-.* UTC`));
    expect(err).toContain(`runs show ${id.slice(0, 8)}`);
    expect(await rowOf(id)).toEqual(before);
  },
);

test('a run that starts meanwhile is asked to stop instead of being ended under its worker', async () => {
  const id = await queued();
  await db.transaction().execute(async (trx) => {
    await sql`UPDATE bot_executions SET status = 'running', fence = 1, worker = 'w', lease_until = now() + interval '1 hour'`.execute(
      trx,
    );
    expect((await cancel(id)).out).toContain('to stop.');
  });
  await hear();
  const row = await rowOf(id);
  expect(row).toMatchObject({ status: 'running', completed_at: null });
  expect(row.cancel_requested_at).not.toBeNull();
});

describe('a run whose row somebody holds', () => {
  const held = (id: string, work: () => Promise<void>) =>
    db.transaction().execute(async (trx) => {
      await sql`SELECT FROM bot_executions WHERE id = ${id}::uuid FOR UPDATE`.execute(trx);
      await work();
    });
  const requests = () => db.selectFrom('engine.cancellations').selectAll().execute();

  test('is asked to stop at once, and its row says so as soon as it is free', async () => {
    const id = await running();
    await held(id, async () => {
      const first = await cancel(id, '--reason', 'it hangs');
      expect(first).toMatchObject({ code: 0, out: expect.stringContaining(' of watch to stop.') });
      expect((await cancel(id)).out).toContain('to stop already, at');
      await hear();
      expect(await requests()).toMatchObject([{ execution_id: id, reason: 'it hangs' }]);
    });
    const [request] = await requests();
    await hear();
    expect(await rowOf(id)).toMatchObject({
      status: 'running',
      cancel_requested_at: request!.requested_at,
      cancel_reason: 'it hangs',
    });
    expect(await requests()).toEqual([]);
  });

  test('and that ends before anybody heard of it has the request all the same', async () => {
    const id = await running();
    await held(id, async () => void (await cancel(id, '--reason', 'too late')));
    await sql`UPDATE bot_executions SET status = 'success', completed_at = now()`.execute(db);
    expect(await rowOf(id)).toMatchObject({ status: 'success', cancel_reason: 'too late' });
    expect(await requests()).toEqual([]);
  });
});

test.each([
  ['nothing', [], 2],
  ['no id', ['xyz'], 2],
  ['an id that is too short', ['abc'], 2],
  ['an id that is not there', ['abcd'], 3],
])('%s is refused', async (_, args, code) => {
  const ended = await cancel(...args);
  expect(ended).toMatchObject({ code, out: '' });
  expect(ended.err).not.toContain('defect');
});
