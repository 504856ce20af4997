/** A small platform beside the bots: what retention keeps short is written here, too. */
import { sql } from 'kysely';
import type { Db } from '../../src/database/connect.ts';

/** Rows an hour. */
export const rowsAnHour = { api_logs: 100, page_views: 50, user_activity_log: 10, error_logs: 5 };

/** The logs of some hours, that end at `to`. */
export async function passHoursOfPlatform(db: Db, to: Date, hours: number): Promise<void> {
  const at = (rows: number) => sql`${to}::timestamptz - n * interval '1 hour' / ${sql.lit(rows)}`;
  const each = (rows: number) => sql`FROM generate_series(1, ${sql.lit(rows * hours)}) n`;
  const { api_logs, page_views, user_activity_log, error_logs } = rowsAnHour;
  await sql`
    INSERT INTO api_logs (endpoint, method, status_code, response_time_ms, ip_address, created_at)
    SELECT '/api/apps/' || n % 10, 'GET', CASE WHEN n % 50 = 0 THEN 500 ELSE 200 END, 40 + n % 100, '192.0.2.1', ${at(api_logs)} ${each(api_logs)}`.execute(
    db,
  );
  await sql`
    INSERT INTO page_views (page_path, ip_address, user_agent, created_at)
    SELECT '/apps/app-' || n % 12, '192.0.2.1', 'Firefox on Linux', ${at(page_views)} ${each(page_views)}`.execute(
    db,
  );
  await sql`
    INSERT INTO user_activity_log (action_type, resource_type, ip_address, created_at)
    SELECT 'login', 'session', '192.0.2.1', ${at(user_activity_log)} ${each(user_activity_log)}`.execute(
    db,
  );
  await sql`
    INSERT INTO error_logs (error_type, error_message, created_at)
    SELECT 'TypeError', 'cannot read property ' || n % 100 || ' of undefined', ${at(error_logs)} ${each(error_logs)}`.execute(
    db,
  );
}
