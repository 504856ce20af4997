import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';
import { day } from '../planting.ts';
import type { Fault } from './fault.ts';
import { nextId } from './ids.ts';

const minute = 60_000;

/** Adds users, and returns their ids. */
async function users(db: Db, count: number, role = 'user'): Promise<string[]> {
  const ids = Array.from({ length: count }, () => nextId());
  await sql`INSERT INTO auth.users (id) SELECT unnest(${ids}::uuid[])`.execute(db);
  await sql`INSERT INTO profiles (id, email, role) SELECT id, id || '@moonfold.test', ${role} FROM unnest(${ids}::uuid[]) id`.execute(
    db,
  );
  return ids;
}

interface Login {
  ip: string;
  status: number;
  user?: string;
}

/** Logins in the last half hour, in this order. */
async function logins(db: Db, now: Date, attempts: Login[]): Promise<void> {
  const step = (25 * minute) / attempts.length;
  const rows = attempts.map(({ ip, status, user }, i) => ({
    user_id: user ?? null,
    endpoint: '/api/auth/login',
    method: 'POST',
    status_code: status,
    ip_address: ip,
    created_at: new Date(now.getTime() - 30 * minute + i * step),
  }));
  for (let i = 0; i < rows.length; i += 1000)
    await db
      .insertInto('api_logs')
      .values(rows.slice(i, i + 1000))
      .execute();
}

const times = <Item>(count: number, item: (index: number) => Item): Item[] =>
  Array.from({ length: count }, (_, index) => item(index));

/** `count` requests in each of the last `minutes` full minutes. */
async function requests(
  db: Db,
  now: Date,
  ip: string,
  { minutes, count, of = [null] }: { minutes: number; count: number; of?: (string | null)[] },
): Promise<void> {
  await sql`
    INSERT INTO api_logs (endpoint, method, status_code, ip_address, user_id, created_at)
    SELECT '/api/apps', 'GET', 200, ${ip}::inet, (${of}::uuid[])[1 + n % ${of.length}],
      date_trunc('minute', ${now}::timestamptz) - make_interval(mins => m) + make_interval(secs => 59.0 * n / ${count})
    FROM generate_series(1, ${minutes}::int) m, generate_series(0, ${count - 1}::int) n`.execute(
    db,
  );
}

async function sessions(db: Db, now: Date, user: string, addresses: string[]): Promise<void> {
  await db
    .insertInto('user_sessions')
    .values(
      addresses.map((ip_address, i) => ({
        user_id: user,
        token: nextId(),
        ip_address,
        expires_at: new Date(now.getTime() + 7 * day),
        created_at: new Date(now.getTime() - (i + 1) * minute),
      })),
    )
    .execute();
}

/** Twelve days of work, at these hours before the hour of `now`. */
async function worksDaily(db: Db, now: Date, user: string, hoursBefore: number[]): Promise<void> {
  await db
    .insertInto('user_activity_log')
    .values(
      times(12, (d) => d + 1).flatMap((d) =>
        hoursBefore.map((h) => ({
          user_id: user,
          action_type: 'update',
          ip_address: '198.51.100.7',
          created_at: new Date(now.getTime() - d * day - h * 60 * minute),
        })),
      ),
    )
    .execute();
}

async function acts(db: Db, now: Date, user: string, ip: string): Promise<void> {
  await db
    .insertInto('user_activity_log')
    .values({
      user_id: user,
      action_type: 'export',
      ip_address: ip,
      created_at: new Date(now.getTime() - minute),
    })
    .execute();
}

export const oracleFaults: Fault[] = [
  {
    name: 'oracle.address-logins.stuffing',
    title: 'One IP address tries passwords of 60 accounts, and few are right',
    async plant(db, now) {
      const tried = await users(db, 60);
      await logins(
        db,
        now,
        tried.map((user, i) => ({ ip: '203.0.113.66', status: i % 30 === 29 ? 200 : 401, user })),
      );
    },
    // A school behind one address: 200 pupils sign in, and many mistype once.
    async lookalike(db, now) {
      const pupils = await users(db, 200);
      const typos = pupils.slice(0, 60).map((user) => ({ ip: '192.0.2.1', status: 401, user }));
      await logins(db, now, [
        ...typos,
        ...pupils.map((user) => ({ ip: '192.0.2.1', status: 200, user })),
        // Other people, so that not all requests come from one address.
        ...times(40, (i) => ({ ip: `198.51.100.${i + 1}`, status: 200 })),
      ]);
    },
  },
  {
    name: 'oracle.address-logins.network',
    title: 'A client tries passwords, each time from another address of its IPv6 /64',
    async plant(db, now) {
      await logins(
        db,
        now,
        times(80, (i) => ({ ip: `2001:db8:bad:1::${(i + 1).toString(16)}`, status: 401 })),
      );
    },
    // As many failures, each from another network.
    async lookalike(db, now) {
      await logins(
        db,
        now,
        times(80, (i) => ({ ip: `2001:db8:${(i + 1).toString(16)}::1`, status: 401 })),
      );
    },
  },
  {
    name: 'oracle.account-logins',
    title: 'The password of one account is guessed from 40 networks',
    async plant(db, now) {
      const [user] = await users(db, 1);
      await logins(
        db,
        now,
        times(40, (i) => ({ ip: `203.0.${i}.9`, status: 401, user: user! })),
      );
    },
    // A user who forgot the password, and an app that goes on with an old one.
    async lookalike(db, now) {
      const [forgot, app] = await users(db, 2);
      await logins(db, now, [
        ...times(9, () => ({ ip: '198.51.100.8', status: 401, user: forgot! })),
        { ip: '198.51.100.8', status: 200, user: forgot! },
        ...times(60, () => ({ ip: '198.51.100.9', status: 401, user: app! })),
      ]);
    },
  },
  {
    name: 'oracle.login-wave',
    title: 'Passwords are tried from 4,000 IP addresses, once from each',
    async plant(db, now) {
      await logins(
        db,
        now,
        times(4000, (i) => ({ ip: `203.${i % 250}.${Math.floor(i / 250)}.7`, status: 401 })),
      );
    },
    // Monday morning: as many failures among many successes.
    async lookalike(db, now) {
      await logins(
        db,
        now,
        times(900, (i) => ({ ip: `198.51.${i % 250}.7`, status: i % 4 === 0 ? 401 : 200 })),
      );
    },
  },
  {
    name: 'oracle.request-rate',
    title: 'One IP address sends 900 requests in each of three minutes',
    async plant(db, now) {
      await requests(db, now, '203.0.113.80', { minutes: 3, count: 900 });
    },
    // A school: as many requests, of eight users.
    async lookalike(db, now) {
      await requests(db, now, '192.0.2.9', { minutes: 3, count: 900, of: await users(db, 8) });
    },
  },
  {
    name: 'oracle.role-changes',
    title: 'A user became an administrator an hour ago',
    async plant(db, now) {
      const [user] = await users(db, 1, 'admin');
      await db
        .insertInto('user_activity_log')
        .values({
          user_id: user!,
          action_type: 'role_change',
          resource_type: 'profile',
          resource_id: user!,
          created_at: new Date(now.getTime() - 60 * minute),
        })
        .execute();
    },
    // Of a user who is no administrator.
    async lookalike(db, now) {
      const [user] = await users(db, 1);
      await db
        .insertInto('user_activity_log')
        .values({
          user_id: user!,
          action_type: 'role_change',
          resource_type: 'profile',
          resource_id: user!,
          created_at: new Date(now.getTime() - 60 * minute),
        })
        .execute();
    },
  },
  {
    name: 'oracle.odd-hours',
    title: 'An administrator acts at an hour at which they never did before, from a new network',
    async plant(db, now) {
      const [admin] = await users(db, 1, 'admin');
      await worksDaily(db, now, admin!, [10, 11, 12, 13]);
      await acts(db, now, admin!, '203.0.113.5');
    },
    // One at the usual hour, and one who acts too rarely to have usual hours.
    async lookalike(db, now) {
      const [usual, rare] = await users(db, 2, 'admin');
      await worksDaily(db, now, usual!, [0, 1, 2]);
      await acts(db, now, usual!, '203.0.113.6');
      await acts(db, now, rare!, '203.0.113.7');
    },
  },
  {
    name: 'oracle.session-networks',
    title: 'One user has begun sessions in 20 networks within half an hour',
    async plant(db, now) {
      const [user] = await users(db, 1);
      await sessions(
        db,
        now,
        user!,
        times(20, (i) => `203.0.${i}.4`),
      );
    },
    // A phone between home, office and the road; and 30 sessions in one network.
    async lookalike(db, now) {
      const [phone, office] = await users(db, 2);
      await sessions(db, now, phone!, [
        '198.51.100.4',
        '192.0.2.77',
        '203.0.113.9',
        '2001:db8:5::1',
      ]);
      await sessions(
        db,
        now,
        office!,
        times(30, (i) => `198.51.100.${i + 100}`),
      );
    },
  },
];
