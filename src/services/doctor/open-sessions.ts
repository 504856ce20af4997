import { sql } from 'kysely';
import { limitOn } from '../../database/connection-limit.ts';
import { fail, ok, warn } from './diagnosis.ts';
import type { Look } from './look.ts';

/** From this share of the limit on, a process that starts may find no place. */
const [fullPercent, tightPercent] = [95, 80];

/** How many sessions are open, of those that the smallest limit of the server, the database or the login allows. */
export const examineOpenSessions: Look = async ({ db }) => {
  const { most, of } = await limitOn(db);
  const counts = of.startsWith('role ')
    ? sql`usename = session_user`
    : of.startsWith('database ')
      ? sql`datname = current_database()`
      : sql`true`;
  const { rows } = await sql<{ open: number; own: number }>`
    SELECT count(*)::int AS open, count(*) FILTER (WHERE application_name ~ '^(roundsman|runs)')::int AS own
    FROM pg_stat_activity WHERE datname IS NOT NULL AND ${counts}`.execute(db);
  const { open, own } = rows[0]!;
  const detail = `${open} of the ${most} connections of the ${of} are open, ${own} of them Roundsman's as far as this login sees`;
  const percent = (100 * open) / Math.max(1, most);
  if (percent < tightPercent) return [ok('Sessions', detail)];
  return [
    (percent < fullPercent ? warn : fail)(
      'Sessions',
      detail,
      'end sessions that are not needed, raise that limit, or give each process fewer connections (ROUNDSMAN_CONNECTIONS); `npx roundsman bots show sentinel-db` watches this',
    ),
  ];
};
