import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { beforeAll, expect, test } from 'vitest';
import type { Db } from '../../src/data/connect.ts';
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
