import { randomUUID } from 'node:crypto';
import { sql, type RawBuilder } from 'kysely';
import { beforeAll, expect, test } from 'vitest';
import type { Db } from '../../src/database/connect.ts';
import { addProject, moveProject } from '../../src/data/javari/projects.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { addUser } from './people.ts';

let db: TestDatabase['db'];
let user: string;
let other: string;
beforeAll(async () => {
  ({ db } = await testDatabase());
  [user, other] = [await addUser(db), await addUser(db)];
});

async function add(of: Db, user_id: string, parent_project_id: string | null = null) {
  return (await addProject(of, { user_id, name: 'A project', parent_project_id })).id;
}
const put = (id: string, parent_project_id: string | null, user_id = user) =>
  moveProject(db, { id, user_id, parent_project_id });

/** Projects that are their own ancestors. */
async function inCircles(of: Db): Promise<number> {
  const { rows } = await sql<{ n: number }>`
    WITH RECURSIVE above AS (
      SELECT id, parent_project_id AS up FROM javari_projects
      UNION SELECT a.id, p.parent_project_id FROM above a JOIN javari_projects p ON p.id = a.up)
    SELECT count(*)::int AS n FROM above WHERE id = up`.execute(of);
  return rows[0]!.n;
}

test('a project moves within its own tree, never below itself', async () => {
  const top = await add(db, user);
  const middle = await add(db, user, top);
  const leaf = await add(db, user, middle);
  for (const below of [top, middle, leaf])
    await expect(put(top, below)).rejects.toMatchObject({
      name: 'ProjectCycleError',
      column: 'parent_project_id',
      why: 'javari_projects.parent_project_id lies below the project itself',
    });
  expect(await put(leaf, null)).toMatchObject({ parent_project_id: null });
  expect(await put(top, leaf)).toMatchObject({ parent_project_id: leaf });
  // What counts is what a statement leaves: this one turns the tree around.
  await sql`UPDATE javari_projects SET parent_project_id =
    CASE id WHEN ${top}::uuid THEN NULL WHEN ${leaf}::uuid THEN ${middle}::uuid ELSE ${top}::uuid END
    WHERE id IN (${top}, ${middle}, ${leaf})`.execute(db);
  const own = randomUUID();
  await expect(
    sql`INSERT INTO javari_projects (id, user_id, name, parent_project_id)
        VALUES (${own}, ${user}, 'x', ${own})`.execute(db),
  ).rejects.toThrow('lies below the project itself');
  expect(await inCircles(db)).toBe(0);
});

test('moves at the same time close no circle', async () => {
  for (let round = 0; round < 10; round++) {
    const ids = await Promise.all(Array.from({ length: 6 }, () => add(db, user)));
    const moves = ids.map((id, i) => put(id, ids[(i + 1) % ids.length]!));
    const done = await Promise.allSettled(moves);
    expect(done.filter(({ status }) => status === 'rejected').length).toBeGreaterThan(0);
    expect(await inCircles(db)).toBe(0);
  }
});

test('parents and projects of others are refused', async () => {
  const [mine, foreign] = [await add(db, user), await add(db, other)];
  await expect(put(mine, foreign)).rejects.toMatchObject({ name: 'ForeignParentError' });
  await expect(add(db, user, foreign)).rejects.toMatchObject({
    name: 'ForeignParentError',
    table: 'javari_projects',
    column: 'parent_project_id',
  });
  await expect(put(foreign, null)).rejects.toMatchObject({
    name: 'UnknownProjectError',
    exitCode: 3,
  });
  await add(db, user, mine);
  await expect(
    sql`UPDATE javari_projects SET user_id = ${other} WHERE id = ${mine}`.execute(db),
  ).rejects.toThrow('a project of another user');
});

/** Begins `first`, lets `second` run until it waits or is through, and then commits `first`. */
async function crossing(first: RawBuilder<unknown>, second: RawBuilder<unknown>) {
  const begun = await db.startTransaction().execute();
  let outcome: string | undefined;
  try {
    await first.execute(begun);
    const through = second.execute(db).then(
      () => (outcome = 'through'),
      (error: Error) => (outcome = error.message),
    );
    await expect
      .poll(async () => {
        const waiting = await sql`SELECT FROM pg_stat_activity
          WHERE datname = current_database() AND wait_event_type = 'Lock'`.execute(db);
        return outcome !== undefined || waiting.rows.length > 0;
      })
      .toBe(true);
    await begun.commit().execute();
    await through;
  } catch (error) {
    await begun.rollback().execute();
    throw error;
  }
  return outcome;
}
const place = async (user_id: string | null) => {
  const row = db
    .insertInto('javari_projects')
    .values({ user_id, name: 'A project' })
    .returning('id');
  return (await row.executeTakeFirstOrThrow()).id;
};
const below = (id: string, parent: string) =>
  sql`UPDATE javari_projects SET parent_project_id = ${parent} WHERE id = ${id}`;

test('projects of nobody close no circle either', async () => {
  const [a, b] = [await place(null), await place(null)];
  expect(await crossing(below(a, b), below(b, a))).toMatch('lies below the project itself');
  expect(await inCircles(db)).toBe(0);
});

test('a project that changes its user meanwhile is no parent for those of the old one', async () => {
  const foreign = sql<{ n: number }>`SELECT count(*)::int AS n FROM javari_projects c
    JOIN javari_projects p ON p.id = c.parent_project_id WHERE p.user_id IS DISTINCT FROM c.user_id`;
  for (const [from, to] of [
    [user, other],
    [other, user],
    [user, null],
    [null, user],
  ] as const)
    for (const movesFirst of [true, false]) {
      const [parent, child] = [await place(from), await place(from)];
      const given = sql`UPDATE javari_projects SET user_id = ${to} WHERE id = ${parent}`;
      const [first, second] = movesFirst
        ? [given, below(child, parent)]
        : [below(child, parent), given];
      expect(await crossing(first, second)).toMatch('a project of another user');
      expect((await foreign.execute(db)).rows).toEqual([{ n: 0 }]);
    }
});

test('an older snapshot, which would miss a move, is refused', async () => {
  const [top, leaf] = [await add(db, user), await add(db, user)];
  const old = () => db.transaction().setIsolationLevel('repeatable read');
  await expect(old().execute((trx) => below(leaf, top).execute(trx))).rejects.toMatchObject({
    code: '0A000',
    table: 'javari_projects',
  });
  await expect(old().execute((trx) => add(trx, user, top))).rejects.toThrow(
    'written under READ COMMITTED only',
  );
});

test('bad input is named, and nothing of it stays', async () => {
  const count = () =>
    db
      .selectFrom('javari_projects')
      .select(sql<number>`count(*)::int`.as('n'))
      .executeTakeFirst();
  const before = await count();
  for (const [change, field] of [
    [{ user_id: '1' }, 'user_id'],
    [{ name: 'n'.repeat(201) }, 'name'],
    [{ name: 'a\0' }, 'name'],
    [{ parent_project_id: 'top' }, 'parent_project_id'],
  ] as const)
    await expect(addProject(db, { user_id: user, name: 'n', ...change })).rejects.toMatchObject({
      name: 'BadInputError',
      field,
    });
  await expect(add(db, user, randomUUID())).rejects.toMatchObject({
    name: 'ConstraintError',
    column: 'parent_project_id',
  });
  // What only the database refuses has its table and column too.
  const bad = db
    .insertInto('javari_projects')
    .values({ user_id: user, name: 'n', status: 'new' as never });
  await expect(bad.execute()).rejects.toThrow('javari_projects_status_check');
  expect(await count()).toEqual(before);
});

test('without its trigger a circle closes, without its lock two moves close one', async () => {
  const broken = await testDatabase();
  await sql`
    DO $do$ BEGIN EXECUTE replace(replace(pg_get_functiondef('engine.guard_project_tree'::regproc),
      'pg_advisory_xact_lock(project_trees, tree)', 'tree'), 'RETURN NULL', 'PERFORM pg_sleep(2); RETURN NULL'); END $do$`.execute(
    broken.db,
  );
  const owner = await addUser(broken.db);
  const [a, b] = [await add(broken.db, owner), await add(broken.db, owner)];
  await Promise.all([
    moveProject(broken.db, { id: a, user_id: owner, parent_project_id: b }),
    moveProject(broken.db, { id: b, user_id: owner, parent_project_id: a }),
  ]);
  expect(await inCircles(broken.db)).toBe(2);
  await sql`DROP TRIGGER project_tree_guarded ON javari_projects`.execute(broken.db);
  const c = await add(broken.db, owner);
  await moveProject(broken.db, { id: c, user_id: owner, parent_project_id: c });
  expect(await inCircles(broken.db)).toBe(3);
});
