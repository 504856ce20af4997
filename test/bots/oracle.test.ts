import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { RE2JS } from 're2js';
import { beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { bots, remedies } from '../../bots/index.ts';
import { oracle } from '../../bots/oracle.ts';
import { endSessions } from '../../bots/remedies/session.end.ts';
import { catalogueOf } from '../../src/catalogue/catalogue.ts';
import { connect } from '../../src/database/connect.ts';
import { finderOf } from '../../src/demo/faults/fault.ts';
import { oracleFaults } from '../../src/demo/faults/oracle.ts';
import { readResult } from '../../src/run/tasks/result.ts';
import { applyRemedy, runCheck } from '../support/check.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { anEngine } from '../support/engine.ts';
import { nothingHeldOut, run } from '../support/runs.ts';
import { resolveTicket } from '../support/transitions.ts';

let db: TestDatabase['db'];
let users: string[];
/** As titles name a user of this file. */
const shown = (user: string | undefined) => `${user![0]}…@moonfold.test (${user!.slice(0, 8)})`;

beforeAll(async () => {
  ({ db } = await testDatabase());
  users = Array.from({ length: 300 }, () => randomUUID()).toSorted();
  await sql`INSERT INTO auth.users (id) SELECT unnest(${users}::uuid[])`.execute(db);
  await sql`INSERT INTO profiles (id, email) SELECT id, id || '@moonfold.test' FROM unnest(${users}::uuid[]) id`.execute(
    db,
  );
});
beforeEach(async () => {
  await sql`TRUNCATE api_logs, user_activity_log, user_sessions`.execute(db);
  await sql`UPDATE profiles SET role = 'user' WHERE role <> 'user'`.execute(db);
});

const now = new Date('2026-03-04T12:00:00Z');
const ago = (seconds: number) => new Date(now.getTime() - seconds * 1000);
type Options = Parameters<typeof runCheck>[4];
const check = async (name: string, config = {}, options: Options = {}) => {
  const result = await runCheck(oracle, name, db, config, { now, ...options });
  readResult(result);
  return result;
};
const found = async (name: string, config = {}) =>
  (await check(name, config)).findings.map(({ severity, component }) => [severity, component]);

interface Request {
  ip?: string | null;
  status?: number;
  user?: string | null;
  endpoint?: string;
  method?: string;
  at?: Date;
}
const requests = async (count: number, of: (index: number) => Request) => {
  const rows = Array.from({ length: count }, (_, index) => {
    const { ip = '203.0.113.1', status = 401, user = null, ...more } = of(index);
    const { endpoint = '/api/auth/login', method = 'POST', at = ago(60) } = more;
    return { ip_address: ip, status_code: status, user_id: user, endpoint, method, created_at: at };
  });
  for (let i = 0; i < rows.length; i += 1000)
    await db
      .insertInto('api_logs')
      .values(rows.slice(i, i + 1000))
      .execute();
};
const activity = (
  rows: { user: string | null; action: string; ip?: string | null; at?: Date; on?: string }[],
) =>
  db
    .insertInto('user_activity_log')
    .values(
      rows.map(({ user, action, ip = '203.0.113.1', at = ago(60), on }) => ({
        user_id: user,
        action_type: action,
        ip_address: ip,
        created_at: at,
        ...(on && { resource_type: 'profile', resource_id: on }),
      })),
    )
    .execute();
const fails = (count: number, of: Omit<Request, 'status'> = {}) => requests(count, () => of);
const succeeds = (count: number, of: Omit<Request, 'status'> = {}) =>
  requests(count, () => ({ ...of, status: 200 }));

describe.each(oracleFaults.map((fault) => ({ fault, name: fault.name })))('$name', ({ fault }) => {
  test('is found as the role of checks, and known to one entry', async () => {
    const { db: own, url } = await testDatabase();
    const { rows } = await sql<{ now: Date }>`SELECT engine.now() AS now`.execute(own);
    await fault.plant(own, rows[0]!.now);
    const reader = connect(url, { max: 1, readOnly: true });
    onTestFinished(() => reader.destroy());
    const { findings } = await runCheck(oracle, finderOf(fault).check, reader);
    expect(findings.length).toBeGreaterThan(0);
    for (const { title } of findings) {
      const entries = oracle.knowledge!.filter(({ pattern }) =>
        RE2JS.compile(pattern, RE2JS.CASE_INSENSITIVE).matcher(title).find(),
      );
      expect(entries, title).toHaveLength(1);
    }
  });
});

test('empty tables: what needs logins says that there are none, the others pass', async () => {
  for (const name of ['address-logins', 'account-logins', 'login-wave'])
    await expect(check(name)).rejects.toThrow('no logins are recorded');
  for (const name of ['request-rate', 'role-changes', 'odd-hours', 'session-networks'])
    expect((await check(name)).findings).toEqual([]);
  // Quiet for an hour is not the same as never recorded.
  await fails(1, { at: ago(86_400) });
  expect(await found('address-logins')).toEqual([]);
});

describe('failed logins of an address', () => {
  const name = 'address-logins';
  const address = '203.0.113.1';
  const others = () => requests(20, (i) => ({ ip: `198.51.100.${i}`, status: 200 }));

  test('count from 30 on, are high from 100 on, and only where most fail', async () => {
    await others();
    await fails(29);
    expect(await found(name)).toEqual([]);
    await fails(1);
    expect(await found(name)).toEqual([['medium', address]]);
    await fails(70);
    expect(await found(name)).toEqual([['high', address]]);
    await succeeds(25);
    expect(await found(name)).toEqual([['high', address]]);
    await succeeds(1);
    expect(await found(name)).toEqual([]);
    expect(await found(name, { min_failed_percent: 79 })).toEqual([['high', address]]);
  });

  test('of one account alone, as of a device with an old password, count from 100 on', async () => {
    await others();
    await requests(99, () => ({ user: users[0]!, status: 401 }));
    expect(await found(name)).toEqual([]);
    await requests(1, () => ({ user: users[0]!, status: 401 }));
    expect(await found(name)).toEqual([['high', address]]);
    expect(await found(name, { high_failed: 101 })).toEqual([]);
    // A second account, or failures of which the account is not known.
    await requests(1, () => ({ user: users[1]!, status: 401 }));
    expect(await found(name, { high_failed: 102 })).toEqual([['medium', address]]);
  });

  test('tell how many accounts were tried and entered, and tally failures and attempts', async () => {
    await others();
    await requests(40, (i) => ({
      user: users[i % 20]!,
      status: i === 39 ? 200 : 403,
      at: ago(100 + i),
    }));
    const { findings, tallies, figures, examined } = await check(name);
    expect(findings).toMatchObject([
      {
        title: `Failed logins from ${address}: 39 of 40, for 20 accounts`,
        description: expect.stringContaining('1 of its logins succeeded'),
        key: address,
        metadata: { address, failed: 39, succeeded: 1, accounts: 20 },
      },
    ]);
    expect(tallies).toEqual([{ key: address, bad: 39, of: 40, newestBadAt: ago(100) }]);
    expect(figures).toContainEqual({ name: 'failed logins', value: 39 });
    expect(examined).toEqual({ count: 21, except: [] });
  });

  test('are POSTs to the login paths alone, with any query string and a slash at the end', async () => {
    await others();
    await requests(40, () => ({ method: 'GET' }));
    await requests(40, () => ({ endpoint: '/api/auth/logout' }));
    await requests(40, () => ({ endpoint: '/auth/v1/token?grant_type=refresh_token' }));
    await requests(40, () => ({ status: 404 }));
    await requests(40, () => ({ status: 500 }));
    await fails(40, { at: ago(3_601) });
    expect(await found(name)).toEqual([]);
    await requests(30, (i) => ({
      endpoint: ['/auth/v1/token?grant_type=password', '/login/', '/api/login'][i % 3]!,
      method: i % 2 ? 'post' : 'POST',
      status: [400, 403, 429][i % 3]!,
    }));
    expect(await found(name)).toEqual([['medium', address]]);
    expect(await found(name, { login_paths: ['/login'] })).toEqual([]);
  });

  test('are gathered by /64, an IPv4 address in IPv6 is an IPv4 address, and a mask does not count', async () => {
    await others();
    await requests(30, (i) => ({ ip: `2001:db8:0:1::${i + 1}` }));
    await requests(30, (i) => ({ ip: `2001:db8:0:${i + 16}::1` }));
    await requests(30, (i) => ({ ip: i % 2 ? '::ffff:203.0.113.5' : '203.0.113.5/24' }));
    expect((await found(name)).toSorted()).toEqual([
      ['medium', '2001:db8:0:1::/64'],
      ['medium', '203.0.113.5'],
    ]);
  });

  test('are also those that the activity log names, and never the sum of both', async () => {
    await others();
    await fails(20);
    await activity(
      Array.from({ length: 29 }, (_, i) => ({ user: users[i]!, action: 'login_failed' })),
    );
    expect(await found(name)).toEqual([]);
    await activity([{ user: users[40]!, action: 'failed_login' }]);
    expect(await found(name)).toEqual([['medium', address]]);
    await activity(Array.from({ length: 30 }, (_, i) => ({ user: users[i]!, action: 'login' })));
    expect(await found(name)).toEqual([]);
  });

  test('are not looked at where the address is trusted, private or not known', async () => {
    await others();
    await fails(40, { ip: '10.1.2.3' });
    await fails(40, { ip: 'fd00::1' });
    await fails(40, { ip: null });
    await fails(40);
    expect(await found(name)).toEqual([['medium', address]]);
    expect(await found(name, { trusted_addresses: ['203.0.113.0/24'] })).toEqual([]);
    expect(() => oracle.config.parse({ trusted_addresses: ['everybody'] })).toThrow(
      'trusted_addresses',
    );
  });

  test('are skipped where a proxy hides the clients', async () => {
    await fails(40, { ip: null });
    await expect(check(name)).rejects.toThrow('no row of api_logs in the window has an ip_address');
    await fails(40, { ip: '10.0.0.1' });
    await expect(check(name)).rejects.toThrow(
      'all IP addresses in api_logs are private, as 10.0.0.1',
    );
    await requests(200, (i) => ({
      endpoint: '/api/apps',
      method: 'GET',
      status: 200,
      user: users[i]!,
      ip: '203.0.113.250',
    }));
    await sql`DELETE FROM api_logs WHERE host(ip_address) = '10.0.0.1'`.execute(db);
    await fails(40, { ip: '203.0.113.250' });
    await expect(check(name)).rejects.toThrow(
      'nearly all requests in api_logs come from 203.0.113.250',
    );
  });

  test('of an attacker who sends nearly all requests are found all the same', async () => {
    await fails(2000);
    await others();
    expect(await found(name)).toEqual([['high', address]]);
  });

  test('begin at the start of a key, which is tallied even without any', async () => {
    await others();
    await fails(40, { at: ago(1000) });
    const starts = [
      { key: address, from: ago(500) },
      { key: '203.0.113.2', from: ago(500) },
    ];
    const again = await check(name, {}, { starts });
    expect(again.findings).toEqual([]);
    expect(again.tallies).toEqual(
      expect.arrayContaining([
        { key: address, bad: 0, of: 0, newestBadAt: null },
        { key: '203.0.113.2', bad: 0, of: 0, newestBadAt: null },
      ]),
    );
    await fails(35, { at: ago(400) });
    expect((await check(name, {}, { starts })).tallies).toContainEqual({
      key: address,
      bad: 35,
      of: 35,
      newestBadAt: ago(400),
    });
    const only = await check(name, {}, { only: ['203.0.113.2'] });
    expect(only).toMatchObject({ examined: ['203.0.113.2'], findings: [] });
    expect(only.tallies).toEqual([{ key: '203.0.113.2', bad: 0, of: 0, newestBadAt: null }]);
  });

  test('of many addresses: the worst are reported, and the list says that it was cut', async () => {
    await requests(120, (i) => ({ ip: `203.0.113.${i % 3}` }));
    await fails(1, { ip: '203.0.113.1' });
    const cut = await check(name, { max_findings: 2 });
    expect(cut).toMatchObject({ truncated: true, findings: [{ component: address }, {}] });
    expect(await check(name, { max_findings: 3 })).toMatchObject({ truncated: false });
  });
});

describe('failed logins of an account', () => {
  const name = 'account-logins';
  const guess = (count: number, networks: number) =>
    requests(count, (i) => ({ user: users[0]!, ip: `203.0.${i % networks}.1`, at: ago(600 - i) }));
  const account = () => `user ${users[0]}`;

  test('count from many networks, or if they are very many', async () => {
    await guess(19, 3);
    expect(await found(name)).toEqual([]);
    await guess(1, 1);
    expect(await found(name)).toEqual([['medium', account()]]);
    await sql`TRUNCATE api_logs`.execute(db);
    await guess(99, 2);
    expect(await found(name)).toEqual([]);
    await guess(1, 1);
    expect(await found(name)).toEqual([['high', account()]]);
  });

  test('are none where a program tries twice each time', async () => {
    await guess(30, 5);
    await succeeds(30, { user: users[0]! });
    expect(await found(name)).toEqual([]);
  });

  test('are critical where a login from one of these networks succeeded afterwards, and not from elsewhere', async () => {
    await guess(30, 3);
    await succeeds(1, { user: users[0]!, ip: '198.51.100.1', at: ago(10) });
    expect(await found(name)).toEqual([['medium', account()]]);
    await succeeds(1, { user: users[0]!, ip: '203.0.1.99', at: ago(3000) });
    expect(await found(name)).toEqual([['medium', account()]]);
    await succeeds(1, { user: users[0]!, ip: '203.0.1.99', at: ago(10) });
    expect(await found(name)).toEqual([['critical', account()]]);
  });

  test('bound what they tell, also without addresses', async () => {
    await guess(250, 250);
    await fails(60, { user: users[1]!, ip: null });
    const { findings } = await check(name);
    expect(findings).toMatchObject([{ metadata: { networks: 250, user_id: users[0] } }]);
    expect(findings[0]!.metadata!.sample).toHaveLength(20);
    await fails(60, { user: users[1]!, ip: null });
    expect((await check(name)).findings[1]).toMatchObject({
      metadata: { networks: 0, sample: [] },
    });
  });

  test('are skipped where no failure says for whom', async () => {
    await fails(20);
    await expect(check(name)).rejects.toThrow('failed logins do not say for which account');
    await fails(1, { user: users[0]! });
    expect(await found(name)).toEqual([]);
  });
});

test('a wave of failures is found where most logins of the platform fail', async () => {
  await requests(199, (i) => ({ ip: `203.0.${i}.1` }));
  expect(await found('login-wave')).toEqual([]);
  await fails(1, { ip: '198.51.100.1' });
  expect((await check('login-wave')).findings).toMatchObject([
    {
      severity: 'high',
      title: 'Logins of the whole platform fail: 200 of 200, from 200 IP addresses',
      key: 'logins',
    },
  ]);
  await succeeds(50);
  expect(await found('login-wave')).toHaveLength(1);
  await succeeds(1);
  expect(await found('login-wave')).toEqual([]);
});

describe('requests a minute', () => {
  const name = 'request-rate';
  const minuteOf = (count: number, minutesAgo: number, more: (i: number) => Request = () => ({})) =>
    requests(count, (i) => ({
      endpoint: '/api/apps',
      method: 'GET',
      status: 200,
      at: ago(60 * minutesAgo - (i % 59)),
      ...more(i),
    }));

  test('are a finding above the limit in two minutes, and the limit grows with the users', async () => {
    await requests(20, (i) => ({ ip: `198.51.100.${i}`, status: 200 }));
    await minuteOf(601, 5);
    expect(await found(name)).toEqual([]);
    await minuteOf(600, 4);
    expect(await found(name)).toEqual([]);
    await minuteOf(1, 4);
    const { findings, tallies } = await check(name);
    expect(findings).toMatchObject([
      {
        severity: 'medium',
        title: 'Requests from 203.0.113.1: up to 601 a minute, in 2 minutes',
        metadata: { requests: 1202, peak_a_minute: 601, users_a_minute: 0 },
      },
    ]);
    expect(tallies).toMatchObject([{ key: '203.0.113.1', bad: 1202, of: 1202 }]);
    await minuteOf(2, 5, (i) => ({ user: users[i]! }));
    await minuteOf(2, 4, (i) => ({ user: users[i]! }));
    expect(await found(name)).toEqual([]);
  });

  test('are high at ten times the limit', async () => {
    await minuteOf(101, 5);
    await minuteOf(101, 4);
    expect(await found(name, { max_requests_a_minute: 10 })).toEqual([['high', '203.0.113.1']]);
    expect(await found(name, { max_requests_a_minute: 11 })).toEqual([['medium', '203.0.113.1']]);
    expect(await found(name, { max_requests_a_minute: 10, min_minutes_above: 3 })).toEqual([]);
  });
});

describe('changes of administrators', () => {
  const name = 'role-changes';
  const become = (role: string, ...who: number[]) =>
    sql`UPDATE profiles SET role = ${role} WHERE id = ANY (${who.map((i) => users[i]!)}::uuid[])`.execute(
      db,
    );
  const later = (days: number) => new Date(now.getTime() + days * 86_400_000);

  test('are found against what is remembered; the first run only remembers', async () => {
    await become('admin', 0);
    const first = await check(name);
    expect(first).toMatchObject({
      findings: [],
      remember: { roles: { [users[0]!]: 'admin' }, changes: [] },
    });
    await become('owner', 0);
    await become('admin', 1);
    const second = await check(name, {}, { remembered: first.remember });
    expect(second.findings).toMatchObject([
      {
        severity: 'high',
        key: users[0],
        title: `Role of user ${shown(users[0])} changed: now owner`,
      },
      {
        severity: 'high',
        key: users[1],
        title: `Role of user ${shown(users[1])} changed: now admin`,
      },
    ]);
    expect(second.tallies).toContainEqual({ key: users[1], bad: 1, of: null, newestBadAt: now });
    await become('user', 0);
    const third = await check(name, {}, { remembered: second.remember, now: later(1) });
    expect(third.findings).toMatchObject([
      {
        severity: 'medium',
        key: users[0],
        title: `Role of user ${shown(users[0])} changed: now no administrator`,
      },
      { severity: 'high', key: users[1] },
    ]);
  });

  test('are no finding after a week, or once a person has resolved their ticket', async () => {
    const first = await check(name);
    await become('admin', 1);
    const { remember: remembered } = await check(name, {}, { remembered: first.remember });
    const after = (options: Options) => check(name, {}, { remembered, ...options });
    expect((await after({ now: later(6.9) })).findings).toHaveLength(1);
    expect((await after({ now: later(7) })).findings).toEqual([]);
    const starts = [{ key: users[1]!, from: later(0.5) }];
    expect(await after({ now: later(1), starts })).toMatchObject({
      findings: [],
      tallies: [{ key: users[1], bad: 0, of: null, newestBadAt: null }],
    });
  });

  test('are told with who did it, and found by the activity log alone', async () => {
    await become('admin', 1);
    await activity([{ user: users[5]!, action: 'role_change', on: users[1]! }]);
    expect((await check(name)).findings).toMatchObject([
      {
        key: users[1],
        description: expect.stringContaining(`user ${users[5]} did it (role_change)`),
      },
    ]);
    await activity([{ user: users[5]!, action: 'role_change', on: users[2]! }]);
    await activity([{ user: users[5]!, action: 'update', on: users[1]! }]);
    expect((await check(name)).findings).toHaveLength(1);
  });

  test('what is remembered fits, and a memory of another form begins anew', async () => {
    const before = Object.fromEntries(users.slice(0, 200).map((id) => [id, 'owner']));
    await become('admin', ...Array.from({ length: 200 }, (_, i) => i));
    const result = await check(name, {}, { remembered: { roles: before, changes: [] } });
    expect(JSON.stringify(result.remember).length).toBeLessThan(16_384);
    expect(result.truncated).toBe(true);
    await become('admin', 200);
    await expect(check(name)).rejects.toThrow('more than 200 administrators');
    await become('user', ...Array.from({ length: 201 }, (_, i) => i));
    for (const remembered of [
      'nonsense',
      { roles: { nobody: 'admin' }, changes: [] },
      { roles: {}, changes: [{ user: 'nobody', from: null, to: 'admin', at: now.toISOString() }] },
      { roles: {}, changes: [{ user: users[0], from: null, to: 'admin', at: 'yesterday' }] },
    ])
      expect((await check(name, {}, { remembered })).findings).toEqual([]);
  });

  test('that were seen before the clock was set back are of now', async () => {
    await become('admin', 0, 1);
    const changes = [{ user: users[1]!, from: null, to: 'admin', at: later(3).toISOString() }];
    const roles = { [users[0]!]: 'admin', [users[1]!]: 'admin' };
    const result = await check(name, {}, { remembered: { roles, changes } });
    expect(result.findings).toMatchObject([{ key: users[1] }]);
    expect(result.tallies).toContainEqual({ key: users[1], bad: 1, of: null, newestBadAt: now });
    expect(result.remember).toMatchObject({ changes: [{ at: now.toISOString() }] });
  });
});

describe('unusual hours', () => {
  const name = 'odd-hours';
  const worked = (days: number, hour: number) =>
    activity(
      Array.from({ length: days }, (_, i) => ({
        user: users[0]!,
        action: 'update',
        ip: '198.51.100.9',
        at: new Date(Date.UTC(2026, 2, 3 - i, hour, 30)),
      })),
    );
  const admin = () => sql`UPDATE profiles SET role = 'admin' WHERE id = ${users[0]!}`.execute(db);

  test('are those in which an administrator with a history did nothing', async () => {
    await admin();
    await worked(9, 6);
    await activity([{ user: users[0]!, action: 'export', ip: '198.51.100.77' }]);
    expect(await found(name)).toEqual([]);
    await worked(10, 6);
    expect(await found(name)).toEqual([]);
    const { findings, tallies } = await check(name, { min_odd_actions: 1 });
    expect(findings).toMatchObject([
      {
        severity: 'low',
        key: users[0],
        title: `Administrator ${shown(users[0])} acted at unusual hours: 1 action`,
        metadata: { actions: ['export'], hours: [11], timezone: 'UTC', new_network: false },
      },
    ]);
    expect(tallies).toEqual([{ key: users[0], bad: 1, of: 1, newestBadAt: ago(60) }]);
    // 11:59 in UTC is 12:59 in Lagos; both are told in the zone of the setting.
    expect(
      (await check(name, { min_odd_actions: 1, timezone: 'Africa/Lagos' })).findings[0]!.metadata!
        .hours,
    ).toEqual([12]);
    expect(() => oracle.config.parse({ timezone: 'Nowhere/City' })).toThrow('no time zone');
  });

  test('are of a known network also where IPv4 addresses are written as IPv6', async () => {
    await admin();
    await worked(12, 6);
    await sql`UPDATE user_activity_log SET ip_address = '::ffff:198.51.100.9'`.execute(db);
    for (const _ of [1, 2, 3])
      await activity([{ user: users[0]!, action: 'export', ip: '::ffff:198.51.100.77' }]);
    expect(await found(name)).toEqual([['low', `user ${users[0]}`]]);
    await activity([{ user: users[0]!, action: 'export', ip: '::ffff:203.0.113.1' }]);
    expect(await found(name)).toEqual([['medium', `user ${users[0]}`]]);
  });

  test('are medium from a new network, and none beside a usual hour or of other users', async () => {
    await admin();
    await worked(12, 6);
    await activity([{ user: users[0]!, action: 'export', ip: '203.0.113.1' }]);
    await activity([{ user: users[1]!, action: 'export' }]);
    expect(await found(name)).toEqual([['medium', `user ${users[0]}`]]);
    await worked(1, 12);
    expect(await found(name)).toEqual([]);
    await sql`DELETE FROM user_activity_log WHERE created_at >= '2026-03-03T12:00:00Z' AND created_at < '2026-03-03T13:00:00Z'`.execute(
      db,
    );
    await worked(1, 10);
    expect(await found(name)).toEqual([]);
  });
});

describe('sessions', () => {
  const name = 'session-networks';
  const begin = (
    count: number,
    of: (i: number) => { user?: string; ip?: string | null; at?: Date; ends?: Date },
  ) =>
    db
      .insertInto('user_sessions')
      .values(
        Array.from({ length: count }, (_, i) => {
          const { user = users[0]!, ip = `203.0.${i}.1`, at = ago(60), ends = ago(-3600) } = of(i);
          return {
            user_id: user,
            ip_address: ip,
            token: randomUUID(),
            created_at: at,
            expires_at: ends,
          };
        }),
      )
      .returning('id')
      .execute();

  test('from more than 12 networks within an hour are a finding', async () => {
    await begin(12, () => ({}));
    expect(await found(name)).toEqual([]);
    await begin(1, () => ({ ip: '198.51.100.1' }));
    const { findings } = await check(name);
    expect(findings).toMatchObject([
      { severity: 'high', key: users[0], metadata: { networks: 13 } },
    ]);
    expect(findings[0]!.metadata!.sessions).toHaveLength(13);
    expect(JSON.stringify(findings)).not.toMatch(/token/);
    expect(await found(name, { max_networks_of_user: 13 })).toEqual([]);
  });

  test('that ended, began earlier, share a network or belong to others do not count', async () => {
    await begin(20, () => ({ ends: ago(1) }));
    await begin(20, () => ({ at: ago(3_601) }));
    await begin(20, (i) => ({ ip: `203.0.113.${i}` }));
    await begin(20, (i) => ({ ip: `2001:db8:1:${i}::1` }));
    await begin(20, (i) => ({ user: users[i]! }));
    await begin(20, (i) => ({ ip: `10.0.${i}.1` }));
    expect(await found(name)).toEqual([]);
  });

  test('without any address are skipped', async () => {
    await begin(3, () => ({ ip: null }));
    await expect(check(name)).rejects.toThrow('no new session has an ip_address');
  });

  test('of a finding are ended by the remedy, no others, and live again after its undo', async () => {
    await begin(19, () => ({}));
    const [endless] = await begin(1, () => ({}));
    await sql`UPDATE user_sessions SET expires_at = 'infinity' WHERE id = ${endless!.id}`.execute(
      db,
    );
    const [older] = await begin(1, () => ({ at: ago(7_200) }));
    const [other] = await begin(1, () => ({ user: users[1]! }));
    const [finding] = (await check(name)).findings;
    const ids = finding!.metadata!.sessions as string[];
    // A finding cannot reach the session of another user.
    const target = { key: finding!.key!, metadata: { sessions: [...ids, other!.id] } };
    const live = async () =>
      (
        await db
          .selectFrom('user_sessions')
          .select('id')
          .where('expires_at', '>', now)
          .orderBy('id')
          .execute()
      ).map(({ id }) => id);
    const applied = await applyRemedy(endSessions, db, {}, { now, target });
    expect(applied).toMatchObject({
      summary: `ended 20 sessions of user ${users[0]}`,
      after: { ended: 20 },
      wasDone: false,
      isDone: true,
    });
    expect(await live()).toEqual([older!.id, other!.id].toSorted());
    expect(await found(name)).toEqual([]);
    expect(JSON.stringify(applied)).not.toMatch(/token/);

    // One was removed meanwhile, as the janitor does.
    const gone = ids.find((id) => id !== endless!.id)!;
    await db.deleteFrom('user_sessions').where('id', '=', gone).execute();
    const undo = () =>
      db.transaction().execute((trx) =>
        endSessions.undo!({}, {
          db: trx,
          target,
          now,
          before: applied.before,
          after: applied.after,
        } as never),
      );
    expect(await undo()).toMatchObject({ summary: '19 of 20 sessions are valid again' });
    const { rows } =
      await sql`SELECT FROM user_sessions WHERE id = ${endless!.id} AND expires_at = 'infinity'`.execute(
        db,
      );
    expect(rows).toHaveLength(1);
    expect(await live()).toHaveLength(21);
    await expect(undo()).rejects.toThrow('none of these sessions');
  });

  test.each([
    { key: 'no-uuid', metadata: { sessions: [randomUUID()] } },
    { key: randomUUID(), metadata: {} },
    { key: randomUUID(), metadata: { sessions: ["x'); DROP TABLE user_sessions; --"] } },
  ])('are not ended for a finding of another form: %o', async (target) => {
    await expect(applyRemedy(endSessions, db, {}, { now, target })).rejects.toThrow(
      'names no sessions of one user',
    );
  });
});

test('old statistics make no plan slow', async () => {
  // Nothing was gathered about these rows: the planner believes that there are a few.
  const { db: fresh } = await testDatabase();
  await sql`ALTER TABLE api_logs SET (autovacuum_enabled = false)`.execute(fresh);
  await sql`ANALYZE api_logs`.execute(fresh);
  await sql`INSERT INTO api_logs (endpoint, method, status_code, ip_address, user_id, created_at)
    SELECT '/api/auth/login', 'POST', 401, '198.18.0.0'::inet + n % 2000, NULL, ${now}::timestamptz - make_interval(secs => n / 10.0)
    FROM generate_series(1, 20000) n`.execute(fresh);
  // Where each row met each address, this would be minutes; the statements of a session end after less.
  for (const name of ['address-logins', 'login-wave', 'request-rate'])
    expect((await runCheck(oracle, name, fresh, {}, { now })).figures).toBeDefined();
});

test('200,000 requests are read through indexes, in time', async () => {
  const { db: big } = await testDatabase();
  await sql`INSERT INTO api_logs (endpoint, method, status_code, ip_address, created_at)
    SELECT (ARRAY['/api/apps', '/api/auth/login'])[1 + n % 2], 'POST', (ARRAY[200, 401])[1 + n % 2],
      '198.18.0.0'::inet + n % 5000, ${now}::timestamptz - make_interval(secs => n * 3)
    FROM generate_series(1, 200000) n`.execute(big);
  await sql`ANALYZE api_logs`.execute(big);
  const { rows } = await sql<{ 'QUERY PLAN': string }>`
    EXPLAIN SELECT ip_address FROM api_logs WHERE created_at >= ${ago(3600)} AND created_at <= ${now}`.execute(
    big,
  );
  expect(JSON.stringify(rows)).toContain('idx_api_logs_age');
  const { figures } = await runCheck(oracle, 'address-logins', big, {}, { now });
  expect(figures).toContainEqual({ name: 'logins', value: 600 });
  expect((await runCheck(oracle, 'request-rate', big, {}, { now })).figures).toContainEqual({
    name: 'requests',
    value: 1200,
  });
});

describe('in an engine', () => {
  const start = async () => {
    const engine = await anEngine({ name: 'postgres' }, catalogueOf(bots, remedies));
    const [user, admin] = [randomUUID(), randomUUID()];
    for (const id of [user, admin]) {
      await sql`INSERT INTO auth.users (id) VALUES (${id})`.execute(engine.db);
      await sql`INSERT INTO profiles (id, email) VALUES (${id}, ${`${id}@moonfold.test`})`.execute(
        engine.db,
      );
    }
    const round = async () => {
      expect(await run(engine, 'oracle')).toMatchObject({ status: 'success' });
      return engine.db
        .selectFrom('bot_findings')
        .select(['title', 'resolved_at', 'resolution_method'])
        .orderBy('title')
        .execute();
    };
    const ticket = () =>
      engine.db
        .selectFrom('bot_tickets')
        .selectAll()
        .orderBy('number', 'desc')
        .executeTakeFirstOrThrow();
    return { engine, user, admin, round, ticket };
  };

  test('a change of an administrator whose ticket a person resolved is not told again, a later one is', async () => {
    const { engine, admin, round, ticket } = await start();
    expect(await round()).toEqual([]);
    await sql`UPDATE profiles SET role = 'admin' WHERE id = ${admin}`.execute(engine.db);
    const title = `Role of user ${shown(admin)} changed: now admin`;
    for (const _ of [1, 2]) expect(await round()).toMatchObject([{ title, resolved_at: null }]);
    await resolveTicket(engine.db, (await ticket()) as never, 'hired yesterday', 'ann');
    for (const _ of [1, 2]) {
      await round();
      expect(await ticket()).toMatchObject({ status: 'resolved' });
    }
    await sql`UPDATE profiles SET role = 'owner' WHERE id = ${admin}`.execute(engine.db);
    await round();
    expect(await ticket()).toMatchObject({ status: expect.stringMatching('open|assigned') });
  });

  test('sessions from too many networks are suggested to be ended, and nothing acts before a person says so', async () => {
    const { engine, user, round, ticket } = await start();
    await sql`INSERT INTO user_sessions (user_id, token, ip_address, expires_at)
      SELECT ${user}, 't' || n, '203.0.0.1'::inet + n * 256, now() + interval '1 day' FROM generate_series(1, 20) n`.execute(
      engine.db,
    );
    await nothingHeldOut(engine.db);
    expect(await round()).toMatchObject([{ resolved_at: null }]);
    const live = async () =>
      (
        await engine.db
          .selectFrom('user_sessions')
          .select('id')
          .where('expires_at', '>', sql<Date>`now()`)
          .execute()
      ).length;
    expect(await live()).toBe(20);
    expect(await ticket()).toMatchObject({ status: expect.stringMatching('open|assigned') });
    await sql`UPDATE engine.settings SET value = '"auto"' WHERE key = 'mode'`.execute(engine.db);
    await sql`UPDATE bot_knowledge SET autonomy = 'auto' WHERE name = 'session.spread'`.execute(
      engine.db,
    );
    expect(await round()).toMatchObject([{ resolved_at: expect.any(Date) }]);
    expect(await live()).toBe(0);
  });
});
