import { describe, expect, it } from 'vitest';
import { become, becomeIdentity, insertion, rows, undone, users } from './rls-cell.ts';
import { columns, matrix, type Identity } from './rls-matrix.ts';
import { all, as, client, openSession, tried } from './rls-session.ts';

openSession();

describe('what a user adds', () => {
  it.for(
    matrix.filter(
      ({ table, command, identity, allowed }) =>
        allowed &&
        command === 'insert' &&
        identity !== 'service_role' &&
        matrix.some(
          (c) =>
            c.table === table && c.identity === identity && c.command === 'select' && c.allowed,
        ),
    ),
  )('comes back with RETURNING: $table as $identity', async ({ table, identity }) => {
    const seen = columns[table]?.select?.join() ?? '*';
    expect(await as(identity, `${insertion(table)} RETURNING ${seen}`)).toBe(1);
  });

  it('comes back to somebody who joins an open group, too', async () => {
    const join = `INSERT INTO group_members (group_id, user_id, role)
      VALUES ('${rows.group}', '${users.own}', 'member') RETURNING *`;
    expect(await as('own', join, 'UPDATE support_groups SET is_private = false')).toBe(1);
  });
});

describe('a user', () => {
  const own = `'${users.own}'`;
  const other = `'${users['other user']}'`;

  it('cannot make an owner of themselves, nor set credits or a subscription', async () => {
    for (const column of ['role', 'credits', 'subscription_tier', 'subscription_status', 'email'])
      expect(await as('own', `UPDATE profiles SET ${column} = DEFAULT WHERE id = ${own}`)).toBe(
        'denied',
      );
    expect(await as('own', `UPDATE profiles SET display_name = 'I' WHERE id = ${own}`)).toBe(1);
    expect(await as('own', `UPDATE profiles SET display_name = 'I'`)).toBe(1);
  });

  it('cannot read the token of a session or a sealed credential', async () => {
    expect(await as('own', 'SELECT token FROM user_sessions')).toBe('denied');
    expect(await as('own', 'SELECT * FROM user_sessions')).toBe('denied');
    expect(await as('own', 'SELECT encrypted_credentials FROM javari_credentials')).toBe('denied');
    expect(await as('owner', 'DELETE FROM user_sessions RETURNING token')).toBe('denied');
  });

  it('asks for the own balance only; an admin for any', async () => {
    const booked = `INSERT INTO credits (user_id, amount, type, balance_after) VALUES (${own}, 7, 'bonus', 7)`;
    const balance = (identity: Identity) =>
      undone(client, async () => {
        await client.query(booked);
        await client.query(becomeIdentity(identity));
        return (await all<{ c: number }>(`SELECT get_user_credits(${own}) AS c`))[0]!.c;
      });
    expect(await balance('own')).toBe(7);
    expect(await balance('other user')).toBe(0);
    expect(await balance('platform admin')).toBe(7);
    expect(await balance('service_role')).toBe(7);
    expect(await as('anon', `SELECT get_user_credits(${own})`)).toBe('denied');
  });

  it('of no name sees and writes nothing', async () => {
    const nobody = become('authenticated');
    expect(await tried(nobody, 'SELECT FROM profiles')).toBe(0);
    expect(await tried(nobody, 'SELECT FROM avatars')).toBe(0);
    expect(
      await tried(
        nobody,
        `INSERT INTO avatars (user_id, name, appearance) VALUES (NULL, 'n', '{}')`,
      ),
    ).toBe('denied');
  });

  it('sees no app but active ones, nor their tools; admins see all', async () => {
    const retired = `UPDATE app_catalog SET status = 'deprecated'`;
    for (const table of ['app_catalog', 'tools_catalog']) {
      expect(await as('anon', `SELECT FROM ${table}`, retired)).toBe(0);
      expect(await as('own', `SELECT FROM ${table}`, retired)).toBe(0);
      expect(await as('platform admin', `SELECT FROM ${table}`, retired)).toBe(1);
    }
  });

  it('sees and enters a private space only as its owner', async () => {
    const closed = `UPDATE virtual_spaces SET is_public = false, owner_id = ${other}`;
    const enter = `INSERT INTO space_visits (avatar_id, space_id, entered_at)
      VALUES ('${rows.avatar}', '${rows.space}', now())`;
    expect(await as('anon', 'SELECT FROM virtual_spaces', closed)).toBe(0);
    expect(await as('own', 'SELECT FROM virtual_spaces', closed)).toBe(0);
    expect(await as('other user', 'SELECT FROM virtual_spaces', closed)).toBe(1);
    expect(await as('platform admin', 'SELECT FROM virtual_spaces', closed)).toBe(1);
    expect(await as('own', enter, closed)).toBe('denied');
    expect(await as('own', enter)).toBe(1);
  });

  it('joins a group that is not private, as a member and as nobody else', async () => {
    const opened = 'UPDATE support_groups SET is_private = false';
    const join = (who: string, role: string) =>
      `INSERT INTO group_members (group_id, user_id, role) VALUES ('${rows.group}', ${who}, '${role}')`;
    expect(await as('own', 'SELECT FROM support_groups', opened)).toBe(1);
    expect(await as('anon', 'SELECT FROM support_groups', opened)).toBe('denied');
    expect(await as('own', join(own, 'member'), opened)).toBe(1);
    expect(await as('own', join(own, 'admin'), opened)).toBe('denied');
    expect(await as('own', join(other, 'member'), opened)).toBe('denied');
  });

  it('is an admin of the organization or group that was founded', async () => {
    const ours = `UPDATE organizations SET owner_id = ${own}; UPDATE support_groups SET created_by = ${own}`;
    expect(await as('own', `UPDATE organization_members SET role = 'member'`, ours)).toBe(2);
    expect(await as('own', `UPDATE group_members SET role = 'member'`, ours)).toBe(2);
  });

  it('adds no members that are nobody: they would fill the limit', async () => {
    const nobody = (table: string, column: string, id: string) =>
      `INSERT INTO ${table} (${column}, user_id, role) VALUES ('${id}', NULL, 'member')`;
    for (const text of [
      nobody('organization_members', 'organization_id', rows.organization),
      nobody('group_members', 'group_id', rows.group),
    ]) {
      expect(await as('group admin', text)).toBe('denied');
      expect(await as('group admin', text.replace('NULL', own))).toBe(1);
    }
  });

  it('as a group admin makes admins and members, and nothing else of anybody', async () => {
    const make = (role: string) =>
      `INSERT INTO group_members (group_id, user_id, role) VALUES ('${rows.group}', ${own}, ${role})`;
    const change = (role: string) =>
      `UPDATE group_members SET role = ${role} WHERE user_id = '${users.member}'`;
    for (const role of [`'admin'`, `'member'`])
      for (const text of [make(role), change(role)])
        expect(await as('group admin', text), text).toBe(1);
    for (const role of [`'owner'`, `'moderator'`, 'NULL'])
      for (const text of [make(role), change(role)])
        expect(await as('group admin', text), text).toBe('denied');
  });

  it('is an admin of the organization in which the own role is owner', async () => {
    const promoted = `UPDATE organization_members SET role = 'owner' WHERE user_id = '${users.member}'`;
    const add = `INSERT INTO organization_members (organization_id, user_id, role)
      VALUES ('${rows.organization}', ${own}, 'member')`;
    const rename = `UPDATE organizations SET name = 'New'`;
    expect([await as('member', rename), await as('member', add)]).toEqual([0, 'denied']);
    expect(await as('member', rename, promoted)).toBe(1);
    expect(await as('member', add, promoted)).toBe(1);
  });

  it('cannot make, change or remove an owner of an organization as its admin', async () => {
    const owned = `INSERT INTO organization_members (organization_id, user_id, role)
      VALUES ('${rows.organization}', ${own}, 'owner')`;
    const here = `WHERE user_id = ${own}`;
    expect(await as('group admin', owned)).toBe('denied');
    expect(await as('group admin', `UPDATE organization_members SET role = 'owner'`)).toBe(
      'denied',
    );
    expect(
      await as('group admin', `UPDATE organization_members SET role = role ${here}`, owned),
    ).toBe(0);
    expect(await as('group admin', `DELETE FROM organization_members ${here}`, owned)).toBe(0);
    expect(await as('own', `DELETE FROM organization_members ${here}`, owned)).toBe(0);
  });

  it('is verified as a responder by an admin only, and then no longer somebody else', async () => {
    const added = `INSERT INTO first_responders (user_id, role) VALUES (${own}, 'ems')`;
    const verify = 'UPDATE first_responders SET verified = true';
    const rename = `UPDATE first_responders SET agency = 'FBI'`;
    expect(await as('own', rename, added)).toBe(1);
    expect(await as('own', verify, added)).toBe('denied');
    expect(await as('platform admin', verify, added)).toBe(1);
    expect(await as('own', rename, `${added}; ${verify}`)).toBe(0);
    expect(
      await as(
        'own',
        `INSERT INTO first_responders (user_id, role, verified) VALUES (${own}, 'ems', true)`,
      ),
    ).toBe('denied');
  });

  it('cannot put a conversation into the project of somebody else', async () => {
    const id = '00000000-0000-4000-8000-000000000099';
    const theirs = `INSERT INTO javari_projects (id, user_id, name) VALUES ('${id}', ${other}, 'p')`;
    const mine = `INSERT INTO javari_conversations (user_id, provider, model, messages) VALUES (${own}, 'openai', 'm', '[]')`;
    const begin = `INSERT INTO javari_conversations (user_id, project_id, provider, model, messages)
      VALUES (${own}, '${id}', 'openai', 'm', '[]')`;
    const move = `UPDATE javari_conversations SET project_id = '${id}'`;
    expect(await as('own', begin, theirs)).toBe('denied');
    expect(await as('own', move, `${theirs}; ${mine}`)).toBe('denied');
    expect(await as('own', begin, theirs.replace(other, own))).toBe(1);
    expect(await as('own', move, `${theirs.replace(other, own)}; ${mine}`)).toBe(1);
  });
});
