/**
 * Locks all tables at once for a migration. Its files change many tables in one transaction, and each change keeps
 * its lock until the end: beside processes that write, the two would deadlock.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { sql, type Kysely } from 'kysely';
import { RoundsmanError } from '../../ground/errors.ts';

/** Another session kept a table that the migration changes for too long. Nothing was changed. */
export class TablesInUseError extends RoundsmanError {}

/**
 * The tables that writing transactions lock first (docs/protocol.md): a transaction that waits for one of these has
 * locked no other table yet. Which tables the platform's own code locks first, {@link tryOnce} learns.
 */
const lockedFirst = ['bot_executions', 'settings', 'bots', 'bot_finding_states'];

/** The tries go on for this many times `forMs` while all sessions that hold tables are short. */
const busyFactor = 5;

/**
 * Locks every table of the schemas public and engine that the login owns, until the transaction ends. A try that cannot
 * succeed releases all tables, and the next one begins after a pause that is at least as long as the try, so that other
 * sessions go on. After `forMs`, throws {@link TablesInUseError} if sessions hold the tables for long, and names them;
 * beside short transactions it goes on for five times as long.
 */
export async function lockTables(trx: Kysely<any>, forMs = 60_000): Promise<void> {
  const { rows } = await sql<{ tables: string[] | null; before: string }>`
    SELECT array_agg(format('%I.%I', nspname, relname) ORDER BY array_position(${lockedFirst}, relname::text), nspname, relname) AS tables,
           current_setting('lock_timeout') AS before
    FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
    WHERE nspname IN ('public', 'engine') AND relkind IN ('r', 'p') AND pg_has_role(relowner, 'USAGE')`.execute(
    trx,
  );
  const { tables, before } = rows[0]!;
  if (tables === null) return;
  await sql`SELECT set_config('roundsman.tables', ${tables}::text[]::text, true)`.execute(trx);
  const start = performance.now();
  for (;;) {
    const tryStart = performance.now();
    if (await tryOnce(trx))
      return void (await sql`SELECT set_config('lock_timeout', ${before}, true)`.execute(trx));
    const triedMs = performance.now() - start;
    if (triedMs > forMs) {
      const error = await tablesInUseError(trx, forMs, triedMs);
      if (error) throw error;
    }
    // Random, and spread over the lengths of short transactions: a try succeeds at a moment at which no transaction
    // stands between a table that is still to be locked and one that is locked.
    await sleep(Math.max(10 ** (1 + Math.random()), performance.now() - tryStart));
  }
}

/**
 * Tries once to lock the tables, in the order of the setting roundsman.tables; if it fails, none stays locked.
 *
 * While a session waits for a table that is locked here, and holds one that is still to be locked, the try cannot
 * succeed. It gives up as soon as it sees that, and from then on locks the tables that the session held first: so the
 * order becomes the one in which the platform's own transactions lock. A try ends before any other session has waited
 * for deadlock_timeout, so PostgreSQL never finds the two waiting for each other.
 */
async function tryOnce(trx: Kysely<any>): Promise<boolean> {
  await sql`
    DO $$
    DECLARE
      tables text[] := current_setting('roundsman.tables')::text[];
      remaining oid[] := tables::regclass[]::oid[];
      until timestamptz := clock_timestamp() + 0.6 * (SELECT setting::int FROM pg_settings WHERE name = 'deadlock_timeout') * interval '1 ms';
      left_ms float;
      wait_ms float;
      name text;
      -- The tables that other sessions hold while they wait for a table that is locked here.
      ahead text[] := '{}';
    BEGIN
      FOREACH name IN ARRAY tables LOOP
        -- A session that waits loses its place when it looks around; so it looks again after twice the time.
        wait_ms := 20;
        LOOP
          left_ms := extract(epoch FROM until - clock_timestamp()) * 1000;
          BEGIN
            PERFORM set_config('lock_timeout', greatest(1, least(wait_ms, left_ms))::int || 'ms', true);
            EXECUTE 'LOCK TABLE ' || name || ' IN ACCESS EXCLUSIVE MODE';
            EXIT;
          EXCEPTION WHEN lock_not_available THEN
            SELECT coalesce(array_agg(DISTINCT held.relation::regclass::text), '{}') INTO ahead
            FROM pg_locks own
            JOIN pg_locks waiting ON waiting.relation = own.relation AND waiting.database = own.database AND NOT waiting.granted
            JOIN pg_locks held ON held.pid = waiting.pid AND held.granted AND held.relation = ANY (remaining)
            WHERE own.pid = pg_backend_pid() AND own.granted AND own.mode = 'AccessExclusiveLock';
            IF left_ms <= wait_ms OR ahead <> '{}' THEN
              RAISE lock_not_available;
            END IF;
            wait_ms := 2 * wait_ms;
          END;
        END LOOP;
      END LOOP;
      PERFORM set_config('roundsman.locked', 'all', true);
    EXCEPTION WHEN lock_not_available THEN
      -- Here the locks are released, and the variables keep their values.
      PERFORM set_config('roundsman.locked', 'none', true);
      PERFORM set_config('roundsman.tables', (
        SELECT array_agg(t ORDER BY (t::regclass::text = ANY (ahead)) DESC, at)::text FROM unnest(tables) WITH ORDINALITY AS u (t, at)), true);
    END
    $$`.execute(trx);
  const { rows } = await sql<{ all: boolean }>`
    SELECT current_setting('roundsman.locked') = 'all' AS all`.execute(trx);
  return rows[0]!.all;
}

/** The error that names the sessions which hold tables; null if they hold them only for moments, and more time is left. */
async function tablesInUseError(
  trx: Kysely<any>,
  forMs: number,
  triedMs: number,
): Promise<TablesInUseError | null> {
  const { rows } = await sql<{ by: string; long: boolean }>`
    SELECT format('%s (process %s of the database, for %s s)', coalesce(nullif(application_name, ''), usename, backend_type), pid,
                  extract(epoch FROM clock_timestamp() - xact_start)::int) AS by,
           -- Of sessions of other logins the start may be hidden.
           coalesce(clock_timestamp() - xact_start > ${forMs}::float / 2 * interval '1 ms', true) AS long
    FROM pg_stat_activity a
    WHERE pid <> pg_backend_pid() AND EXISTS (
      SELECT FROM pg_locks l
      WHERE l.pid = a.pid AND l.granted
        AND l.relation = ANY (current_setting('roundsman.tables')::text[]::regclass[]::oid[]))
    ORDER BY xact_start NULLS FIRST LIMIT 3`.execute(trx);
  if (!rows.some(({ long }) => long) && triedMs < busyFactor * forMs) return null;
  return new TablesInUseError({
    what: 'the tables are in use',
    why: `for ${Math.round(triedMs / 1_000)} s other sessions kept them locked: ${rows.map(({ by }) => by).join('; ') || 'short transactions, one after the other'}`,
    hint: 'wait until these transactions have ended, or stop the workers, then run it again',
  });
}
