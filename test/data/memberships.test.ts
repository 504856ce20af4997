import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { beforeAll, expect, test } from 'vitest';
import { asUser } from '../../src/database/as-user.ts';
import type { Db } from '../../src/database/connect.ts';
import { joinGroup } from '../../src/data/social/groups.ts';
import { addOrganizationMember } from '../../src/data/users/organizations.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { addUser } from './people.ts';

let db: TestDatabase['db'];
let owner: string;
let users: string[];
beforeAll(async () => {
  ({ db } = await testDatabase());
  [owner = '', ...users] = await Promise.all(Array.from({ length: 16 }, () => addUser(db)));
});

async function organization(of: Db, owner_id: string, max_members: number | null = 5) {
  const values = { name: 'Moonfold', owner_id, max_members };
  const row = of.insertInto('organizations').values(values).returning('id');
  return (await row.executeTakeFirstOrThrow()).id;
}
async function group(max_members: number | null, is_private = false) {
  const values = {
    name: 'Night shift',
    module: 'haven',
    created_by: owner,
    max_members,
    is_private,
  };
  const row = db.insertInto('support_groups').values(values).returning('id');
  return (await row.executeTakeFirstOrThrow()).id;
}
const outcomes = async (attempts: Promise<unknown>[]) =>
  (await Promise.allSettled(attempts)).map((one) =>
    one.status === 'fulfilled' ? 'in' : (one.reason as Error).name,
  );
const count = async (of: Db, table: string) =>
  (await sql<{ n: number }>`SELECT count(*)::int AS n FROM ${sql.table(table)}`.execute(of))
    .rows[0]!.n;

test('no more join at once than there is room for', async () => {
  const id = await organization(db, owner);
  const add = (user_id: string) =>
    addOrganizationMember(db, { organization_id: id, user_id, added_by: owner });
  const joined = await outcomes(users.map(add));
  expect(joined.filter((one) => one === 'in')).toHaveLength(5);
  expect(joined.filter((one) => one === 'OrganizationFullError')).toHaveLength(10);
  const closed = await group(3);
  const entered = await outcomes(
    users.map((user_id) => joinGroup(db, { group_id: closed, user_id, added_by: user_id })),
  );
  expect(entered.filter((one) => one === 'in')).toHaveLength(3);
  expect(entered.filter((one) => one === 'GroupFullError')).toHaveLength(12);
  const open = await group(null);
  const all = users.map((user_id) => joinGroup(db, { group_id: open, user_id, added_by: owner }));
  expect(new Set(await outcomes(all))).toEqual(new Set(['in']));
});

test('a member who is there already is no member too many', async () => {
  const id = await organization(db, owner, 1);
  const row = { organization_id: id, user_id: users[0]!, added_by: owner };
  await addOrganizationMember(db, row);
  await expect(addOrganizationMember(db, row)).rejects.toMatchObject({
    name: 'AlreadyMemberError',
  });
  const again = db
    .insertInto('organization_members')
    .values({ organization_id: id, user_id: users[0]! });
  await again.onConflict((conflict) => conflict.doNothing()).execute();
});

test('moving in and lowering the limit meet the same rule', async () => {
  const [full, other] = [await organization(db, owner, 1), await organization(db, owner, 1)];
  for (const id of [full, other])
    await addOrganizationMember(db, {
      organization_id: id,
      user_id: users[Number(id === other)]!,
      added_by: owner,
    });
  await expect(
    sql`UPDATE organization_members SET organization_id = ${full} WHERE organization_id = ${other}`.execute(
      db,
    ),
  ).rejects.toThrow('organizations.max_members is 1 and reached');
  await expect(
    sql`UPDATE organizations SET max_members = 0 WHERE id = ${full}`.execute(db),
  ).rejects.toThrow('organizations.max_members cannot be 0: there are 1 members');
  for (const set of ['max_members = -1', 'credits_pool = -1'])
    await expect(
      sql`UPDATE organizations SET ${sql.raw(set)} WHERE id = ${await organization(db, owner)}`.execute(
        db,
      ),
    ).rejects.toThrow(/_check"|cannot be -1/);
});

test('a limit that is lowered while people join still holds', async () => {
  for (let round = 0; round < 5; round++) {
    const id = await organization(db, owner, 10);
    const lower = sql`UPDATE organizations SET max_members = 4 WHERE id = ${id}`.execute(db);
    await Promise.allSettled([
      ...users.map((user_id) =>
        addOrganizationMember(db, { organization_id: id, user_id, added_by: owner }),
      ),
      lower,
    ]);
    const { rows } = await sql<{ fits: boolean }>`
      SELECT count(*) <= max(o.max_members) AS fits FROM organizations o
      JOIN organization_members m ON m.organization_id = o.id WHERE o.id = ${id}`.execute(db);
    expect(rows).toEqual([{ fits: true }]);
  }
});

test('an older snapshot, which would count too few, is refused', async () => {
  const organization_id = await organization(db, owner);
  const old = db.transaction().setIsolationLevel('repeatable read');
  await expect(
    old.execute((trx) =>
      addOrganizationMember(trx, { organization_id, user_id: users[0]!, added_by: owner }),
    ),
  ).rejects.toMatchObject({ code: '0A000', table: 'organization_members' });
});

test('only who may lets somebody in', async () => {
  const [mine, theirs] = [await organization(db, owner), await organization(db, users[0]!)];
  const [group_id, user_id] = [await group(5, true), users[1]!];
  const before = [await count(db, 'organization_members'), await count(db, 'group_members')];
  for (const organization_id of [theirs, randomUUID()])
    await expect(
      addOrganizationMember(db, { organization_id, user_id, added_by: owner }),
    ).rejects.toMatchObject({ name: 'ForeignOrganizationError', exitCode: 3 });
  await expect(joinGroup(db, undefined as never)).rejects.toMatchObject({ field: 'given' });
  await expect(joinGroup(db, { group_id, user_id, added_by: user_id })).rejects.toMatchObject({
    name: 'ForeignGroupError',
  });
  const add = { organization_id: mine, user_id, added_by: owner };
  await expect(addOrganizationMember(db, { ...add, role: 'boss' as never })).rejects.toMatchObject({
    field: 'role',
    rule: 'has to be one of owner, admin, member',
  });
  await expect(addOrganizationMember(db, { ...add, user_id: randomUUID() })).rejects.toMatchObject({
    name: 'ConstraintError',
    column: 'user_id',
  });
  expect([await count(db, 'organization_members'), await count(db, 'group_members')]).toEqual(
    before,
  );
});

test('an admin of an organization makes admins and members, only an owner makes an owner', async () => {
  const [boss, admin, ...others] = users.slice(3);
  const id = await organization(db, owner, 10);
  const add = (user_id: string, role: 'owner' | 'admin' | 'member', added_by: string) =>
    addOrganizationMember(db, { organization_id: id, user_id, role, added_by });
  await add(boss!, 'owner', owner);
  await add(admin!, 'admin', boss!);
  for (const role of ['admin', 'member'] as const) await add(others.pop()!, role, admin!);
  await expect(add(others[0]!, 'owner', admin!)).rejects.toMatchObject({
    name: 'ForeignOrganizationError',
    why: 'role is owner, and organization_id is not one in which added_by is an owner',
  });
  expect(await add(others[0]!, 'owner', boss!)).toMatchObject({ role: 'owner' });
});

test('users found, join and let in under row level security, and get their rows back', async () => {
  const [founder, friend, stranger] = [users[0]!, users[1]!, users[2]!];
  const founded = await asUser(db, { sub: founder }, async (trx) => {
    const company = { name: 'Moonfold', owner_id: founder };
    const room = { name: 'Quiet room', module: 'haven', created_by: founder };
    const organizations = trx.insertInto('organizations').values(company).returning('id');
    const groups = trx.insertInto('support_groups').values(room).returning('id');
    const { id: organization_id } = await organizations.executeTakeFirstOrThrow();
    return { organization_id, closed: (await groups.executeTakeFirstOrThrow()).id };
  });
  const open = await group(5);
  const join = (group_id: string, user_id: string, added_by: string) =>
    asUser(db, { sub: added_by }, (trx) => joinGroup(trx, { group_id, user_id, added_by }));
  expect(await join(open, friend, friend)).toMatchObject({ group_id: open, user_id: friend });
  expect(await join(founded.closed, friend, founder)).toMatchObject({ user_id: friend });
  await expect(join(founded.closed, stranger, friend)).rejects.toMatchObject({
    name: 'ForeignGroupError',
  });
  const forged = asUser(db, { sub: friend }, (trx) =>
    joinGroup(trx, { group_id: open, user_id: stranger, added_by: owner }),
  );
  await expect(forged).rejects.toMatchObject({ name: 'AccessDeniedError', field: 'group_id' });
  const { organization_id } = founded;
  expect(
    await asUser(db, { sub: founder }, (trx) =>
      addOrganizationMember(trx, { organization_id, user_id: friend, added_by: founder }),
    ),
  ).toMatchObject({ organization_id, user_id: friend, role: 'member' });
});

test('without the lock more join than there is room for', async () => {
  const broken = await testDatabase();
  await sql`
    DO $do$ BEGIN EXECUTE replace(replace(pg_get_functiondef('engine.hold_member_limit'::regproc),
      'FOR NO KEY UPDATE', ''), 'RETURN NULL', 'PERFORM pg_sleep(0.05); RETURN NULL'); END $do$`.execute(
    broken.db,
  );
  const boss = await addUser(broken.db);
  const organization_id = await organization(broken.db, boss, 1);
  const people = await Promise.all(Array.from({ length: 6 }, () => addUser(broken.db)));
  await outcomes(
    people.map((user_id) =>
      addOrganizationMember(broken.db, { organization_id, user_id, added_by: boss }),
    ),
  );
  expect(await count(broken.db, 'organization_members')).toBeGreaterThan(1);
});
