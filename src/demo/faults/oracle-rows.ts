/** Users, their logins, requests, sessions and actions, for faults of the oracle. */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';
import { day } from '../planting.ts';
import { nextId } from './ids.ts';

export const minute = 60_000;

/** Adds users, and returns their ids. */
export async function users(db: Db, count: number, role = 'user'): Promise<string[]> {
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
export async function logins(db: Db, now: Date, attempts: Login[]): Promise<void> {
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

export const times = <Item>(count: number, item: (index: number) => Item): Item[] =>
  Array.from({ length: count }, (_, index) => item(index));

/** `count` requests in each of the last `minutes` full minutes. */
export async function requests(
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

export async function sessions(
  db: Db,
  now: Date,
  user: string,
  addresses: string[],
): Promise<void> {
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
export async function worksDaily(
  db: Db,
  now: Date,
  user: string,
  hoursBefore: number[],
): Promise<void> {
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

export async function acts(db: Db, now: Date, user: string, ip: string): Promise<void> {
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
