import { sql } from 'kysely';
import { beforeAll, describe, expect, test } from 'vitest';
import { remedies } from '../../bots/index.ts';
import { platformTables } from '../../bots/platform-tables.ts';
import { NotAppliedError, type Evidence } from '../../src/bot.ts';
import { botChanges } from '../../src/heal/bot-changes.ts';
import { changeMode, readMode } from '../../src/data/bots/engine.ts';
import { insertBot, insertRun, insertTicket } from '../cli/rows.ts';
import { addUser } from '../data/people.ts';
import { applyRemedy } from '../support/check.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';

let db: TestDatabase['db'];
beforeAll(async () => {
  ({ db } = await testDatabase());
});

const remedy = (name: string) => remedies.find((each) => each.name === name)!;
const on = (component: string) => ({ target: { component } });

/** Takes back what an application left as evidence, which went through JSON meanwhile. */
function undo(name: string, params: object, { before, after }: Evidence, component = 'c') {
  const { params: schema, undo: take } = remedy(name);
  return db.transaction().execute((trx) =>
    take!(schema.parse(params), {
      ...botChanges(trx),
      db: trx,
      target: { fingerprint: 'f', component, key: 'k', metadata: {} },
      now: new Date(),
      key: 'one application',
      signal: new AbortController().signal,
      ...JSON.parse(JSON.stringify({ before, after })),
    }),
  );
}

test('every remedy is named as a noun and a verb, and takes no parameter that it does not know', () => {
  for (const { name, params } of remedies) {
    expect(name).toMatch(/^[a-z]+\.[a-z-]+$/);
    expect(params.safeParse({ no_such_parameter: 1 }).error?.issues).toContainEqual(
      expect.objectContaining({ code: 'unrecognized_keys' }),
    );
  }
});

describe('leaderboard.refresh-ranks', () => {
  test('writes the ranks of the games in which they differ, so many at once', async () => {
    const games: string[] = [];
    for (const slug of ['chess', 'go', 'tag']) {
      const { id } = await db
        .insertInto('games_catalog')
        .values({ slug, name: slug, category: 'board' })
        .returning('id')
        .executeTakeFirstOrThrow();
      games.push(id);
      for (const score of [10, 30, 30])
        await db
          .insertInto('game_leaderboards')
          .values({ game_id: id, user_id: await addUser(db), score, achieved_at: new Date() })
          .execute();
    }
    await sql`SELECT engine.refresh_ranks(${games[2]!})`.execute(db);
    const first = await applyRemedy(remedy('leaderboard.refresh-ranks'), db, { max_games: 1 });
    expect(first).toMatchObject({
      wasDone: false,
      isDone: false,
      summary: 'wrote 3 ranks of 1 game',
    });
    const second = await applyRemedy(remedy('leaderboard.refresh-ranks'), db);
    expect(second).toMatchObject({ isDone: true, after: { stale: {}, changed: 3 } });
    const ranks = await db
      .selectFrom('game_leaderboards')
      .select('rank')
      .orderBy('game_id')
      .orderBy('rank')
      .execute();
    expect(ranks.map(({ rank }) => rank)).toEqual([1, 1, 3, 1, 1, 3, 1, 1, 3]);
  });
});

describe('run.requeue', () => {
  const requeue = (bot: string) => applyRemedy(remedy('run.requeue'), db, {}, on(bot));
  const runs = (botId: string) =>
    db.selectFrom('bot_executions').selectAll().where('bot_id', '=', botId).execute();

  test('queues one run of a bot whose last one ended badly, as `bots run` does', async () => {
    const id = await insertBot(db, 'unlucky', { max_attempts: 2 });
    await insertRun(db, id, 20);
    await insertRun(db, id, 10, { status: 'timeout', reason: 'timeout' });
    // What says nothing about the bot is passed over.
    await insertRun(db, id, 5, { status: 'skipped', reason: 'overlap' });
    await insertRun(db, id, 4, { status: 'success', trigger: 'verify' });
    const done = await requeue('unlucky');
    expect(done).toMatchObject({
      wasDone: false,
      isDone: true,
      summary: 'queued a run of unlucky',
    });
    expect((await runs(id)).filter(({ status }) => status === 'queued')).toMatchObject([
      { trigger: 'manual', generation: 0, max_attempts: 2, scheduled_for: null, fence: null },
    ]);
    expect(await requeue('unlucky')).toMatchObject({
      wasDone: true,
      after: { execution_id: null },
    });
    expect(await runs(id)).toHaveLength(5);
  });

  test('leaves a bot alone that succeeded since, and refuses one that is not there or cannot run', async () => {
    const id = await insertBot(db, 'lucky');
    await insertRun(db, id, 20, { status: 'failed' });
    await insertRun(db, id, 10);
    expect(await requeue('lucky')).toMatchObject({
      wasDone: true,
      summary: 'lucky needs no other run',
    });
    expect(await runs(id)).toHaveLength(2);
    await insertBot(db, 'asleep', { status: 'disabled' });
    await expect(requeue('asleep')).rejects.toThrow(NotAppliedError);
    await expect(requeue('nobody')).rejects.toThrow('there is no bot nobody');
  });
});

describe('bot.pause', () => {
  const pause = (bot: string, params = {}) => applyRemedy(remedy('bot.pause'), db, params, on(bot));
  const statusOf = (name: string) =>
    db
      .selectFrom('bots')
      .select(['status', 'status_reason'])
      .where('name', '=', name)
      .executeTakeFirstOrThrow();

  test('pauses with a reason, and its undo resumes', async () => {
    await insertBot(db, 'loud');
    const done = await pause('loud', { reason: 'too loud' });
    expect(done).toMatchObject({ wasDone: false, isDone: true, before: { status: 'active' } });
    expect(await statusOf('loud')).toEqual({ status: 'paused', status_reason: 'too loud' });
    await undo('bot.pause', { reason: 'too loud' }, done, 'loud');
    expect(await statusOf('loud')).toEqual({ status: 'active', status_reason: null });
  });

  test('what changes a bot for a remedy changes none that has another status by now', async () => {
    const changes = botChanges(db);
    const id = await insertBot(db, 'gone', { status: 'disabled', status_reason: 'mine' });
    await expect(changes.pauseBot(id, 'too loud')).rejects.toThrow(NotAppliedError);
    await expect(changes.resumeBot(id)).rejects.toThrow(NotAppliedError);
    await expect(changes.queueRun(id)).rejects.toThrow('gone cannot be run');
    expect(await statusOf('gone')).toEqual({ status: 'disabled', status_reason: 'mine' });
  });

  test.each([
    ['resumed it', sql`UPDATE bots SET status = 'active' WHERE name = 'touched'`],
    ['disabled it', sql`UPDATE bots SET status = 'disabled' WHERE name = 'touched'`],
    ['gave another reason', sql`UPDATE bots SET status_reason = 'mine' WHERE name = 'touched'`],
    ['deleted it', sql`DELETE FROM bots WHERE name = 'touched'`],
  ])('its undo changes nothing once somebody %s', async (_, change) => {
    await sql`DELETE FROM bots WHERE name = 'touched'`.execute(db);
    await insertBot(db, 'touched');
    const done = await pause('touched');
    await change.execute(db);
    const before = await db
      .selectFrom('bots')
      .select('status')
      .where('name', '=', 'touched')
      .execute();
    await expect(undo('bot.pause', {}, done, 'touched')).rejects.toThrow(NotAppliedError);
    const after = await db
      .selectFrom('bots')
      .select('status')
      .where('name', '=', 'touched')
      .execute();
    expect(after).toEqual(before);
  });

  test('its undo leaves a bot alone that was resumed and paused again for the same reason', async () => {
    await insertBot(db, 'twice');
    const done = await pause('twice');
    await sql`UPDATE bots SET status = 'active' WHERE name = 'twice'`.execute(db);
    await pause('twice');
    await expect(undo('bot.pause', {}, done, 'twice')).rejects.toThrow('changed since');
  });

  test('what was not active is not paused, and not resumed', async () => {
    await insertBot(db, 'still', { status: 'paused' });
    await insertBot(db, 'off', { status: 'disabled' });
    await expect(pause('still')).rejects.toThrow('is paused and not active');
    await expect(pause('off')).rejects.toThrow(NotAppliedError);
    await expect(pause('nobody')).rejects.toThrow(NotAppliedError);
    const nothing = { summary: '', before: null, after: null };
    await expect(undo('bot.pause', {}, nothing, 'still')).rejects.toThrow('was not active before');
  });
});

describe('app.set-status', () => {
  const set = (app: string, status: string) =>
    applyRemedy(remedy('app.set-status'), db, { app, status });
  const statusOf = async (slug: string) =>
    (
      await db
        .selectFrom('app_catalog')
        .select('status')
        .where('slug', '=', slug)
        .executeTakeFirst()
    )?.status;
  const insertApp = (slug: string, status = 'beta') =>
    db
      .insertInto('app_catalog')
      .values({ slug, name: slug, category: 'tool', credit_cost: 1, status: status as 'beta' })
      .execute();

  test('sets it, and its undo sets it back', async () => {
    await insertApp('writer');
    const done = await set('writer', 'maintenance');
    expect(done).toMatchObject({ wasDone: false, isDone: true, before: { status: 'beta' } });
    expect(await statusOf('writer')).toBe('maintenance');
    await undo('app.set-status', { app: 'writer', status: 'maintenance' }, done);
    expect(await statusOf('writer')).toBe('beta');
  });

  test('acts on the app that the finding is about unless it is told another one', async () => {
    await insertApp('sketcher');
    const params = { status: 'maintenance' };
    const target = { component: 'sketcher' };
    const done = await applyRemedy(remedy('app.set-status'), db, params, { target });
    expect(await statusOf('sketcher')).toBe('maintenance');
    await undo('app.set-status', params, done, 'sketcher');
    expect(await statusOf('sketcher')).toBe('beta');
  });

  test('its undo leaves a status alone that somebody else has set since', async () => {
    await insertApp('painter');
    const done = await set('painter', 'maintenance');
    await sql`UPDATE app_catalog SET status = 'deprecated' WHERE slug = 'painter'`.execute(db);
    const params = { app: 'painter', status: 'maintenance' };
    await expect(undo('app.set-status', params, done)).rejects.toThrow('it is deprecated');
    expect(await statusOf('painter')).toBe('deprecated');
  });

  test('knows no other status and no other app', async () => {
    await expect(set('nothing', 'active')).rejects.toThrow('there is no app nothing');
    const { params } = remedy('app.set-status');
    expect(params.safeParse({ app: 'a', status: 'broken' }).success).toBe(false);
  });
});

describe('tables that a remedy may name', () => {
  test('are those of the migrated database', async () => {
    const { rows } = await sql<{ name: string }>`
      SELECT relname AS name FROM pg_class
      WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY relname`.execute(db);
    expect([...platformTables]).toEqual(rows.map(({ name }) => name));
  });

  test.each(['db.analyze', 'db.vacuum'])('%s takes no other', (name) => {
    const { params } = remedy(name);
    expect(params.safeParse({ table: 'bots' }).success).toBe(true);
    for (const table of ['pg_authid', 'engine.settings', 'bots; DROP TABLE bots', 'auth.users', ''])
      expect(params.safeParse({ table }).success).toBe(false);
  });

  test('db.analyze brings the estimate up to date', async () => {
    for (let number = 0; number < 20; number++) await addUser(db);
    const done = await applyRemedy(remedy('db.analyze'), db, { table: 'profiles' });
    const { rows } = await sql<{ count: number }>`SELECT count(*)::int FROM profiles`.execute(db);
    expect(done.before).not.toMatchObject({ estimated_rows: rows[0]!.count });
    expect(done.after).toMatchObject({ estimated_rows: rows[0]!.count });
  });

  test('db.vacuum makes room for new rows, outside of a transaction', async () => {
    const vacuum = remedy('db.vacuum');
    expect(vacuum.outside).toBe(true);
    // A second time these rows fit into the room of the first, but for a page that another process was just looking at.
    const fill = () =>
      sql`INSERT INTO error_logs (error_type, error_message)
          SELECT 'a', repeat('x', 500) FROM generate_series(1, 2000)`.execute(db);
    const size = async () =>
      (await sql<{ size: number }>`SELECT pg_relation_size('error_logs')::int AS size`.execute(db))
        .rows[0]!.size;
    await fill();
    const before = await size();
    await sql`DELETE FROM error_logs`.execute(db);
    const evidence = await vacuum.apply(vacuum.params.parse({ table: 'error_logs' }), {
      ...botChanges(db),
      db,
      secret: (name: string) => name,
      target: { fingerprint: 'f', component: 'c', key: 'k', metadata: {} },
      now: new Date(),
      key: 'one application',
      signal: new AbortController().signal,
    });
    expect(evidence.summary).toBe('vacuumed error_logs');
    await fill();
    expect(await size()).toBeLessThan(1.1 * before);
  });
});

describe('ticket.note', () => {
  const note = (fingerprint: string) =>
    applyRemedy(
      remedy('ticket.note'),
      db,
      { text: 'Look at the disk.' },
      { target: { fingerprint } },
    );

  test('writes it once on the open ticket of its finding', async () => {
    const bot = await insertBot(db, 'noted');
    await insertTicket(db, bot, 'over', {
      fingerprint: 'noted',
      status: 'closed',
      resolved_at: sql<Date>`engine.now()`,
    });
    const open = await insertTicket(db, bot, 'open', { fingerprint: 'noted' });
    await insertTicket(db, bot, 'other', { fingerprint: 'other' });
    expect(await note('noted')).toMatchObject({
      wasDone: false,
      isDone: true,
      summary: `noted it on ${open}`,
    });
    const events = await db
      .selectFrom('bot_ticket_events as e')
      .innerJoin('bot_tickets as t', 't.id', 'e.ticket_id')
      .select(['t.title', 'e.event', 'e.actor', 'e.detail'])
      .execute();
    expect(events).toEqual([
      { title: 'open', event: 'noted', actor: 'roundsman', detail: { text: 'Look at the disk.' } },
    ]);
  });

  test('has nothing to do without a ticket', async () => {
    expect(await note('nothing')).toMatchObject({
      wasDone: true,
      summary: 'there was no ticket to note it on',
    });
  });
});

describe('healing.stop', () => {
  const stop = (params = {}) => applyRemedy(remedy('healing.stop'), db, params);
  const set = (mode: 'off' | 'safe' | 'auto') => changeMode(db, mode, { by: 'ann', reason: null });

  test.each(['safe', 'auto'] as const)(
    'stops healing in mode %s, and its undo brings that back',
    async (mode) => {
      await set(mode);
      const done = await stop({ reason: 'a storm' });
      expect(done).toMatchObject({
        wasDone: false,
        isDone: true,
        summary: `set the mode from ${mode} to off`,
        before: { mode },
        after: { mode: 'off', changed_by: 'roundsman' },
      });
      expect(await readMode(db)).toMatchObject({
        mode: 'off',
        changed_by: 'roundsman',
        reason: 'a storm',
      });
      await undo('healing.stop', {}, done);
      expect(await readMode(db)).toMatchObject({ mode, changed_by: 'roundsman' });
    },
  );

  test('its undo changes nothing once a person has set the mode', async () => {
    await set('auto');
    const done = await stop();
    await set('safe');
    await expect(undo('healing.stop', {}, done)).rejects.toThrow('it is safe');
    await set('off');
    await expect(undo('healing.stop', {}, done)).rejects.toThrow(NotAppliedError);
    expect(await readMode(db)).toMatchObject({ mode: 'off', changed_by: 'ann' });
  });

  test('there is nothing to do where nothing is healed', async () => {
    await set('safe');
    await set('off');
    await expect(stop()).rejects.toThrow(NotAppliedError);
    await expect(botChanges(db).setMode('off', 'again')).rejects.toThrow('off already');
    await db.deleteFrom('engine.settings').where('key', '=', 'mode').execute();
    await expect(stop()).rejects.toThrow('healing is stopped already');
    await set('safe');
  });
});
