/** Activity, what Javari measures, results, game sessions, spaces and responders: what each keeps true, and for whom. */
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { beforeAll, describe, expect, test } from 'vitest';
import * as data from '../../src/data.ts';
import { movableClock } from '../support/clocks.ts';
import { testDatabase } from '../support/database.ts';
import { addUser } from './people.ts';

let db: data.Db;
let [ann, bob, admin, game, tool] = ['', '', '', '', ''];
let later: (seconds: number) => Promise<void>;
const as = <Result>(sub: string, work: (trx: data.Db) => Promise<Result>) =>
  data.asUser(db, { sub }, work);
const day = { since: new Date(Date.now() - 86_400_000) };

beforeAll(async () => {
  ({ db } = await testDatabase());
  later = await movableClock(db);
  [ann, bob, admin] = [await addUser(db), await addUser(db), await addUser(db)];
  await db.updateTable('profiles').set({ role: 'admin' }).where('id', '=', admin).execute();
  const add = async (table: string, values: object) => {
    const made = db.insertInto(table as 'bots').values(values as never);
    return (await made.returning('id').executeTakeFirstOrThrow()).id;
  };
  game = await add('games_catalog', { slug: 'g', name: 'g', category: 'c' });
  const app = await add('app_catalog', { slug: 'a', name: 'a', category: 'c', credit_cost: 1 });
  tool = await add('tools_catalog', { app_id: app, slug: 't', name: 't', credit_cost: 1 });
});

/** How each of several attempts at once ended. */
const outcomes = async (attempts: Promise<unknown>[]) =>
  (await Promise.allSettled(attempts)).map((one) =>
    one.status === 'fulfilled' ? 'done' : (one.reason as Error).name,
  );

describe('activity', () => {
  test('is noted by the server alone, and read by its user and by admins, of one type or all', async () => {
    const note = (action_type: string, user_id = ann) =>
      data.noteActivity(db, { user_id, action_type, ip_address: '10.0.0.1' });
    await note('login');
    await data.noteActivity(db, {
      user_id: ann,
      action_type: 'delete',
      resource: { type: 'tool', id: tool },
      details: { why: 'old' },
    });
    await note('login');
    await note('login', bob);
    const types = async (who: string, of: Parameters<typeof data.activityOf>[1]) =>
      (await as(who, (trx) => data.activityOf(trx, of))).rows.map(({ action_type }) => action_type);
    expect(await types(ann, { user_id: ann })).toEqual(['login', 'delete', 'login']);
    expect(await types(admin, { user_id: ann, action_type: 'delete' })).toEqual(['delete']);
    expect(await types(bob, { user_id: ann })).toEqual([]);
    const own = as(ann, (trx) => data.noteActivity(trx, { user_id: ann, action_type: 'login' }));
    await expect(own).rejects.toThrow(data.AccessDeniedError);
    await expect(note('login', randomUUID())).rejects.toThrow('user_id');
  });
});

describe('what Javari measures', () => {
  const use = { provider: 'openai', model: 'small', success: true };

  test('the tokens of a request are the sum of both sorts, and unknown where one is', async () => {
    const tokens = async (input_tokens?: number | null, output_tokens?: number) =>
      (await data.noteJavariUse(db, { ...use, user_id: ann, input_tokens, output_tokens }))
        .total_tokens;
    expect(await tokens(7, 5)).toBe(12);
    expect(await tokens(0, 0)).toBe(0);
    expect(await tokens(1_073_741_823, 1_073_741_823)).toBe(2_147_483_646);
    expect([await tokens(7), await tokens(null, 5)]).toEqual([null, null]);
  });

  test('totals are by model, the dearest first, of a user or of a provider; neither is refused', async () => {
    const carl = await addUser(db);
    const note = (more: object) => data.noteJavariUse(db, { ...use, user_id: carl, ...more });
    await note({ cost_cents: 1, input_tokens: 1, output_tokens: 1 });
    await note({ cost_cents: 2_147_483_647, model: 'large', success: false });
    await note({ cost_cents: 2_147_483_647, model: 'large' });
    await note({ provider: 'google', cost_cents: 5 });
    const totals = await as(carl, (trx) => data.javariUsageTotals(trx, { user_id: carl }, day));
    expect(totals.map((one) => Object.values(one).join(' '))).toEqual([
      'openai large 2 1 0 4294967294',
      'google small 1 0 0 5',
      'openai small 1 0 2 1',
    ]);
    const of = { user_id: carl, provider: 'google' };
    expect(await data.javariUsageTotals(db, of, day)).toHaveLength(1);
    expect(await data.javariUsageTotals(db, { provider: 'google' }, day)).toHaveLength(1);
    expect(await as(bob, (trx) => data.javariUsageTotals(trx, of, day))).toEqual([]);
    await expect(data.javariUsageTotals(db, {}, day)).rejects.toMatchObject({ field: 'user_id' });
    const own = as(carl, (trx) => data.noteJavariUse(trx, { ...use, user_id: carl }));
    await expect(own).rejects.toThrow(data.AccessDeniedError);
    expect((await as(carl, (trx) => data.javariUsage(trx, carl, { limit: 3 }))).rows).toHaveLength(
      3,
    );
  });

  test('lessons are summed by type, and their score is the mean of those that have one', async () => {
    const note = (conversation_type: string, response_quality_score?: number) =>
      data.noteLesson(db, {
        user_id: bob,
        conversation_type,
        response_quality_score,
        tokens_used: 2_000_000_000,
      } as data.NewLesson);
    for (const score of [0.5, 1, undefined]) await note('chat', score);
    await note('code');
    expect(await as(bob, (trx) => data.learningTotals(trx, bob, day))).toEqual([
      {
        conversation_type: 'chat',
        conversations: 3,
        response_quality_score: 0.75,
        tokens_used: 6_000_000_000,
        cost_cents: 0,
      },
      expect.objectContaining({ conversation_type: 'code', response_quality_score: null }),
    ]);
    expect((await note('edge', 9.99)).response_quality_score).toBe('9.99');
    expect(await as(ann, (trx) => data.learningTotals(trx, bob, day))).toEqual([]);
  });
});

describe('results of tools', () => {
  test('a user keeps and reads the own ones; lists leave the content out, and admins see none', async () => {
    const given = { user_id: ann, tool_id: tool, input_data: { ask: 'x' }, output_data: { a: 1 } };
    const { id } = await as(ann, (trx) => data.keepToolResult(trx, given));
    const { rows } = await as(ann, (trx) => data.toolResultsOf(trx, { user_id: ann }));
    expect(rows.map(Object.keys)).toEqual([
      ['id', 'user_id', 'tool_id', 'output_url', 'created_at'],
    ]);
    expect(await as(ann, (trx) => data.toolResult(trx, id))).toMatchObject({
      output_data: { a: 1 },
    });
    for (const who of [bob, admin])
      expect(await as(who, (trx) => data.toolResult(trx, id))).toBeUndefined();
    await expect(as(bob, (trx) => data.keepToolResult(trx, given))).rejects.toMatchObject({
      field: 'user_id',
    });
    const none = data.keepToolResult(db, { user_id: ann, tool_id: tool, input_data: {} });
    await expect(none).rejects.toMatchObject({ field: 'output_data' });
  });
});

describe('sessions of games', () => {
  const begin = (user_id = ann) =>
    as(user_id, (trx) => data.beginGameSession(trx, { user_id, game_id: game }));
  const end = (id: string, user_id = ann) =>
    as(user_id, (trx) => data.endGameSession(trx, { id, user_id, score: 9, completed: true }));

  test("begin and end by the engine's clock, and last what lies between", async () => {
    const { id, started_at } = await begin();
    await later(90);
    const ended = await end(id);
    expect(ended).toMatchObject({ score: 9, completed: true, duration_seconds: 90 });
    const ms = ended.ended_at!.getTime() - started_at.getTime();
    expect(Math.abs(ms - 90_000)).toBeLessThan(5_000);
  });

  test('end once, for their own user, and never before they began', async () => {
    const { id } = await begin();
    expect((await outcomes([end(id), end(id), end(id)])).toSorted()).toEqual([
      'NoOpenGameSessionError',
      'NoOpenGameSessionError',
      'done',
    ]);
    const other = await begin();
    await expect(end(other.id, bob)).rejects.toThrow(data.NoOpenGameSessionError);
    const foreign = data.beginGameSession(db, { user_id: ann, game_id: randomUUID() });
    await expect(foreign).rejects.toThrow('game_id');
    const ahead = await begin();
    await sql`UPDATE game_sessions SET started_at = started_at + interval '1 hour' WHERE id = ${ahead.id}`.execute(
      db,
    );
    const ended = await end(ahead.id);
    expect([ended.duration_seconds, ended.ended_at]).toEqual([0, ended.started_at]);
  });

  test('are listed by when they began, every one once, whatever the page', async () => {
    const carl = await addUser(db);
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) {
      ids.unshift((await begin(carl)).id);
      await later(1);
    }
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await as(carl, (trx) =>
        data.gameSessionsOf(trx, { user_id: carl, game_id: game }, { limit: 2, cursor }),
      );
      seen.push(...page.rows.map(({ id }) => id));
      cursor = page.next ?? undefined;
    } while (cursor);
    expect(seen).toEqual(ids);
  });
});

describe('spaces', () => {
  const avatar = async (user_id: string) =>
    (await as(user_id, (trx) => data.addAvatar(trx, { user_id, name: 'a', appearance: {} }))).id;
  const space = async (more: Partial<data.NewSpace> = {}, owner_id = bob) =>
    (
      await as(owner_id, (trx) =>
        data.addSpace(trx, { owner_id, name: 's', type: 'room', ...more }),
      )
    ).id;
  const enter = (avatar_id: string, space_id: string, user_id = ann, on: data.Db = db) =>
    data.enterSpace(on, { avatar_id, space_id, user_id });

  test('hold no more avatars than their capacity, also of those who enter at once, and one who left makes room', async () => {
    const full = await space({ capacity: 3 });
    const avatars = await Promise.all(Array.from({ length: 8 }, () => avatar(ann)));
    const ended = await outcomes(avatars.map((one) => enter(one, full)));
    expect(ended.filter((one) => one === 'done')).toHaveLength(3);
    expect(ended.filter((one) => one === 'SpaceFullError')).toHaveLength(5);
    expect(await data.countPresent(db, full)).toBe(3);
    const inside = avatars[ended.indexOf('done')]!;
    const outside = avatars[ended.indexOf('SpaceFullError')]!;
    await later(61);
    expect(await as(ann, (trx) => data.leaveSpace(trx, inside))).toMatchObject({
      avatar_id: inside,
      duration_seconds: 61,
    });
    await expect(as(ann, (trx) => data.leaveSpace(trx, inside))).rejects.toThrow(
      data.NoOpenVisitError,
    );
    await enter(outside, full);
    expect(await data.countPresent(db, full)).toBe(3);
    expect(await outcomes([enter(avatars[0]!, await space({ capacity: 0 }))])).toEqual([
      'SpaceFullError',
    ]);
  });

  test('an avatar is in one of them: entering another ends the visit, entering again goes on with it', async () => {
    const [one, first, second, full] = [
      await avatar(ann),
      await space(),
      await space(),
      await space({ capacity: 0 }),
    ];
    const visit = await enter(one, first);
    expect((await enter(one, first)).id).toBe(visit.id);
    await later(30);
    await enter(one, second);
    expect([await data.countPresent(db, first), await data.countPresent(db, second)]).toEqual([
      0, 1,
    ]);
    const { rows } = await as(ann, (trx) => data.visitsOf(trx, one));
    expect(rows.map(({ space_id, duration_seconds }) => [space_id, duration_seconds])).toEqual([
      [second, null],
      [first, 30],
    ]);
    // A caller may go on after the refusal: then the avatar is where it was.
    await data.asService(db, async (trx) => {
      await expect(enter(one, full, ann, trx)).rejects.toThrow(data.SpaceFullError);
    });
    expect(await data.countPresent(db, second)).toBe(1);
  });

  test('private ones open for their owner, and nobody enters with the avatar of another user', async () => {
    const closed = await space({ is_public: false });
    const [ofAnn, ofBob] = [await avatar(ann), await avatar(bob)];
    await expect(enter(ofAnn, closed)).rejects.toThrow('space_id');
    await expect(enter(ofBob, closed)).rejects.toThrow('avatar_id');
    await expect(enter(ofAnn, randomUUID())).rejects.toThrow(data.ClosedSpaceError);
    expect(await enter(ofBob, closed, bob)).toMatchObject({ space_id: closed, exited_at: null });
    const seen = async (user: string | null, as_: data.Claims) =>
      (await data.asUser(db, as_, (trx) => data.spacesFor(trx, user, { limit: 200 }))).rows.some(
        ({ id }) => id === closed,
      );
    expect([
      await seen(bob, { sub: bob }),
      await seen(ann, { sub: ann }),
      await seen(null, { role: 'anon' }),
    ]).toEqual([true, false, false]);
    expect((await as(bob, (trx) => data.avatarsOf(trx, { user_id: ann }))).rows).toEqual([]);
  });
});

describe('responders', () => {
  const register = (user_id = ann) =>
    as(user_id, (trx) => data.registerResponder(trx, { user_id, role: 'ems', agency: 'North' }));
  const verify = (id: string, who: string, verified = true) =>
    as(who, (trx) => data.setResponderVerified(trx, { id, verified }));

  test('register themselves unverified; an admin verifies, and nobody else', async () => {
    const { id, verified } = await register();
    expect(verified).toBe(false);
    await expect(verify(id, ann)).rejects.toThrow(data.AccessDeniedError);
    await expect(verify(id, bob)).rejects.toThrow(data.UnknownResponderError);
    expect(await verify(id, admin)).toMatchObject({ id, verified: true });
    await expect(verify(id, ann, false)).rejects.toThrow(data.UnknownResponderError);
    const second = await register();
    const own = await as(ann, (trx) => data.respondersOf(trx, ann));
    expect(own.map((one) => one.id)).toEqual([id, second.id]);
    expect(await as(bob, (trx) => data.respondersOf(trx, ann))).toEqual([]);
    const foreign = as(bob, (trx) => data.registerResponder(trx, { user_id: ann, role: 'police' }));
    await expect(foreign).rejects.toMatchObject({ field: 'user_id' });
  });

  test('withdraw themselves, verified or not, and nobody withdraws another', async () => {
    const { id } = await register(bob);
    await verify(id, admin);
    const withdraw = (who: string, user_id = who) =>
      as(who, (trx) => data.withdrawResponder(trx, { id, user_id }));
    await expect(withdraw(ann)).rejects.toThrow(data.UnknownResponderError);
    await expect(withdraw(ann, bob)).rejects.toThrow(data.UnknownResponderError);
    expect(await withdraw(bob)).toMatchObject({ id });
    await expect(withdraw(bob)).rejects.toThrow(data.UnknownResponderError);
  });
});
