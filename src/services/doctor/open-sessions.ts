import { sql } from 'kysely';
import { limitOn } from '../../database/connection-limit.ts';
import { fail, ok, warn } from './diagnosis.ts';
import type { Look } from './look.ts';

/** From this share of the limit on, a process that starts may find no place. */
const [fullPercent, tightPercent] = [95, 80];

/** How many sessions are open, of those that the smallest limit of the server, the database or the login allows. */
export const examineOpenSessions: Look = async ({ db }) => {
  const { most, of } = await limitOn(db);
  const { rows } = await sql<{ all: number; here: number; login: number; own: number }>`
    SELECT count(*)::int AS all, count(*) FILTER (WHERE datname = current_database())::int AS here,
           count(*) FILTER (WHERE usename = session_user)::int AS login,
           count(*) FILTER (WHERE application_name ~ '^(roundsman|runs)')::int AS own
    FROM pg_stat_activity WHERE datname IS NOT NULL`.execute(db);
  const { all, here, login, own } = rows[0]!;
  const open = of.startsWith('role ') ? login : of.startsWith('database ') ? here : all;
  const detail = `${open} of the ${most} connections of the ${of} are open, ${own} of them for Roundsman`;
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
