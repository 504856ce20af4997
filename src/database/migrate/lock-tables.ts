/**
 * Locks all tables at once for a migration. Its files change many tables in one transaction, and each change keeps
 * its lock until the end: beside processes that write, the two would deadlock.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { sql, type Kysely } from 'kysely';
import { RoundsmanError } from '../../ground/errors.ts';
import { stateOf } from '../faults/sql-states.ts';

/** Another session kept a table that the migration changes for too long. Nothing was changed. */
export class TablesInUseError extends RoundsmanError {}

/**
 * The tables that writing transactions lock first (docs/protocol.md): a transaction that waits for one of these has
 * locked no other table yet.
 */
const lockedFirst = ['bot_executions', 'settings', 'bots', 'bot_finding_states'];

/** The pause between two tries. */
const pauseMs = 200;

const lockNotAvailable = '55P03';

/**
 * Locks every table of the schemas public and engine that the login owns, until the transaction ends. A try gives up
 * long before PostgreSQL would look for a deadlock, releases all tables and begins again, for `forMs` at most. Throws
 * {@link TablesInUseError}, which names the sessions that hold the tables.
 */
export async function lockTables(trx: Kysely<any>, forMs = 60_000): Promise<void> {
  const { rows } = await sql<{ tables: string | null; wait: number; before: string }>`
    SELECT string_agg(format('%I.%I', nspname, relname), ', ' ORDER BY array_position(${lockedFirst}, relname::text), nspname, relname) AS tables,
           least(300, (SELECT setting::int / 3 FROM pg_settings WHERE name = 'deadlock_timeout')) AS wait,
           current_setting('lock_timeout') AS before
    FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
    WHERE nspname IN ('public', 'engine') AND relkind IN ('r', 'p') AND pg_has_role(relowner, 'USAGE')`.execute(
    trx,
  );
  const { tables, wait, before } = rows[0]!;
  if (tables === null) return;
  const until = performance.now() + forMs;
  const setLockTimeout = (to: string) =>
    sql`SELECT set_config('lock_timeout', ${to}, true)`.execute(trx);
  await sql`SAVEPOINT unlocked`.execute(trx);
  for (;;) {
    await setLockTimeout(`${wait}ms`);
    try {
      // The server has already quoted the names.
      await sql`LOCK TABLE ${sql.raw(tables)} IN ACCESS EXCLUSIVE MODE`.execute(trx);
      return void (await setLockTimeout(before));
    } catch (error) {
      if (stateOf(error) !== lockNotAvailable) throw error;
      await sql`ROLLBACK TO SAVEPOINT unlocked`.execute(trx);
      if (performance.now() > until) throw await tablesInUseError(trx, forMs);
      await sleep(pauseMs * (0.5 + Math.random()));
    }
  }
}

async function tablesInUseError(trx: Kysely<any>, forMs: number): Promise<TablesInUseError> {
  const { rows } = await sql<{ by: string }>`
    SELECT format('%s (process %s of the database, for %s s)', coalesce(nullif(application_name, ''), usename), pid,
                  extract(epoch FROM clock_timestamp() - xact_start)::int) AS by
    FROM pg_stat_activity
    WHERE pid <> pg_backend_pid() AND datname = current_database() AND xact_start IS NOT NULL
    ORDER BY xact_start LIMIT 3`.execute(trx);
  return new TablesInUseError({
    what: 'the tables are in use',
    why: `for ${forMs / 1_000} s other sessions kept them locked: ${rows.map(({ by }) => by).join('; ') || 'short transactions, one after the other'}`,
    hint: 'wait until these transactions have ended, or stop the workers, then run it again',
  });
}
