import { isIP } from 'node:net';
import { sql } from 'kysely';
import { nameOfServer, serversIn } from '../../ground/addresses/database-hosts.ts';
import { askEach } from '../../database/primary.ts';
import { messageOf } from '../../ground/errors.ts';
import { counted } from '../../ground/text.ts';
import { fail, ok, warn, type Diagnosis } from './diagnosis.ts';
import type { Look } from './look.ts';

interface Server {
  fsync: boolean;
  pages: boolean;
  commit: string;
  required: string;
  standbys: number;
  synchronous: number;
}

interface Slot {
  name: string;
  kept: string;
}

/** A slot that no standby reads keeps this much of the log before the doctor names it. */
const keptMb = 1024;

/** What a crash or the loss of the server costs, and whether a failover is followed. */
export const examineFailover: Look = async ({ db, config }) => {
  const { rows } = await sql<Server>`
    SELECT current_setting('fsync') = 'on' AS fsync, current_setting('full_page_writes') = 'on' AS pages,
           -- Of the server: sessions of Roundsman set their own.
           coalesce((SELECT reset_val FROM pg_settings WHERE name = 'synchronous_commit'), 'on') AS commit,
           coalesce(current_setting('synchronous_standby_names', true), '') AS required,
           (SELECT count(*)::int FROM pg_stat_replication) AS standbys,
           (SELECT count(*)::int FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum')) AS synchronous`.execute(
    db,
  );
  const server = rows[0]!;
  return [
    examineCrash(server),
    ...examineStandbys(server, config.databaseUrl),
    ...(await idleSlots(db)),
  ];
};

function examineCrash({ fsync, pages, standbys }: Server): Diagnosis {
  const off = [...(fsync ? [] : ['fsync']), ...(pages ? [] : ['full_page_writes'])];
  if (off.length > 0)
    return warn(
      'Replication',
      `${off.join(' and ')} ${off.length > 1 ? 'are' : 'is'} off: a crash of the server's host can destroy the database`,
      `as a superuser: ${off.map((name) => `ALTER SYSTEM RESET ${name}`).join('; ')}; SELECT pg_reload_conf()`,
    );
  return ok(
    'Replication',
    standbys > 0
      ? `${counted(standbys, 'standby')} of the server; what is committed survives a crash`
      : 'what is committed survives a crash; no standby is seen here, so a server that is lost comes back from its newest backup',
  );
}

function examineStandbys(server: Server, databaseUrl: string | undefined): Diagnosis[] {
  const found: Diagnosis[] = [];
  if (
    server.required !== '' &&
    server.synchronous === 0 &&
    !['off', 'local'].includes(server.commit)
  )
    found.push(
      fail(
        'Replication',
        `every commit waits for a standby of ${server.required} (synchronous_standby_names), and none is seen here`,
        'start that standby, or as a superuser: ALTER SYSTEM RESET synchronous_standby_names; SELECT pg_reload_conf()',
      ),
    );
  const [first, ...others] = serversIn(databaseUrl ?? '');
  const host = first?.host ?? '';
  if (server.standbys > 0 && server.synchronous === 0)
    found.push(
      warn(
        'Replication',
        'no standby is synchronous: a failover loses what the standby has not received, and a remedy that was recorded there only is carried out again',
        "as a superuser, if a commit may wait for it: ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (*)'; SELECT pg_reload_conf()",
      ),
    );
  if (server.standbys > 0 && others.length === 0 && isIP(host) !== 0)
    found.push(
      warn(
        'Replication',
        `DATABASE_URL names the address ${host}, which stays with the old primary after a failover`,
        'let it name all servers (postgres://user@one:5432,two:5432/name), or a host that leads to whichever is the primary; processes follow it by themselves',
      ),
    );
  return found;
}

async function idleSlots(db: Parameters<Look>[0]['db']): Promise<Diagnosis[]> {
  const { rows } = await sql<Slot>`
    SELECT slot_name AS name, pg_size_pretty(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)) AS kept
    FROM pg_replication_slots
    WHERE NOT active AND NOT pg_is_in_recovery()
      AND pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) > ${keptMb} * 1024.0 * 1024
    ORDER BY pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) DESC LIMIT 5`.execute(db);
  if (rows.length === 0) return [];
  return [
    warn(
      'Replication',
      `no standby reads ${rows.map(({ name, kept }) => `the slot ${name}, which keeps ${kept} of the log`).join(', ')}: that grows until the disk is full`,
      `start what reads it, or: ${rows.map(({ name }) => `SELECT pg_drop_replication_slot('${name}')`).join('; ')}`,
    ),
  ];
}

/** Whether each server that DATABASE_URL names can take over, and whether more than one takes writes. */
export const examineServers: Look = async ({ config: { databaseUrl = '' } }) => {
  if (serversIn(databaseUrl).length < 2) return [];
  const answers = await askEach(databaseUrl);
  const away: Diagnosis[] = answers
    .filter(({ error }) => error !== null)
    .map(({ server, error }) =>
      warn(
        'Replication',
        `${nameOfServer(server)} cannot be used (${messageOf(error)}): a failover to it would not be followed`,
        'start it, or take it out of DATABASE_URL',
      ),
    );
  const primaries = answers
    .filter(({ takesWrites }) => takesWrites)
    .toSorted((a, b) => b.timeline - a.timeline)
    .map(({ server }) => nameOfServer(server));
  if (primaries.length > 1)
    return [
      ...away,
      warn(
        'Replication',
        `${primaries.join(' and ')} both take writes; Roundsman works with ${primaries[0]!}, whose timeline is the newest`,
        `stop ${primaries.slice(1).join(' and ')}, and rebuild it as a standby (pg_rewind, or a new base backup)`,
      ),
    ];
  const answering = answers.length - away.length;
  return away.length > 0
    ? away
    : [
        ok(
          'Replication',
          `${primaries[0] ?? 'none'} is the primary of the ${answering} servers of DATABASE_URL; all answer`,
        ),
      ];
};
