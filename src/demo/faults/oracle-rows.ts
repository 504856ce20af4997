/** Logins, requests, sessions and actions, for faults of the oracle. */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';
import { day, minute } from '../time.ts';
import { nextId } from './ids.ts';
import { many } from '../many.ts';

interface Login {
  ip: string;
  status: number;
  user?: string;
}

/** Adds logins in the last half hour, in this order. */
export async function addLogins(db: Db, now: Date, attempts: Login[]): Promise<void> {
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

/** Adds `count` requests in each of the last `minutes` full minutes, made by the users `of` in turn. */
export async function addRequests(
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

/** Adds a session from each of these addresses, a minute between each two. */
export async function addSessions(
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

/** Adds twelve days of work of a user, on each day so many hours before the time that it is now. */
export async function addDailyWork(
  db: Db,
  now: Date,
  user: string,
  hoursBefore: number[],
): Promise<void> {
  await db
    .insertInto('user_activity_log')
    .values(
      many(12, (d) => d + 1).flatMap((d) =>
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

/** Adds what a user did a minute ago from this address. */
export async function addAction(db: Db, now: Date, user: string, ip: string): Promise<void> {
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
