/** Plants faults in a database, each once: the setting `planted_faults` lists those that it has. */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';
import type { Fault } from './fault.ts';

const key = 'planted_faults';

/**
 * Plants the fault and lists it in the setting. Returns the time of its rows. Where the fault was planted before, nothing changes,
 * because its rows would collide with the earlier ones: then it returns null.
 */
export async function plantOnce(db: Db, fault: Fault): Promise<Date | null> {
  const begun = await begin(db, fault);
  if (begun === 'planted') return null;
  await fault.afterCommit?.(db, begun);
  return (await finish(db, fault, begun)) ? begun : null;
}

/**
 * Plants what a transaction can do, and lists the fault in it: with its time, or with null while `afterCommit` is still to be done. The
 * setting is locked, so that of two commands at once only one plants the fault. Returns the time of its rows.
 */
const begin = (db: Db, fault: Fault): Promise<Date | 'planted'> =>
  db.transaction().execute(async (trx) => {
    await sql`INSERT INTO engine.settings (key, value) VALUES (${key}, '{}') ON CONFLICT (key) DO NOTHING`.execute(
      trx,
    );
    const { rows } = await sql<{ now: Date; begun: boolean; finished: boolean }>`
      SELECT engine.now() AS now, value ? ${fault.name} AS begun, value ->> ${fault.name}::text IS NOT NULL AS finished
      FROM engine.settings WHERE key = ${key} FOR UPDATE`.execute(trx);
    const { now, begun, finished } = rows[0]!;
    if (finished) return 'planted';
    if (begun) return now;
    await fault.plant(trx, now);
    const time = fault.afterCommit ? null : now;
    await sql`
      UPDATE engine.settings SET value = value || jsonb_build_object(${fault.name}::text, ${time}::timestamptz), changed_at = engine.now()
      WHERE key = ${key}`.execute(trx);
    return now;
  });

/** Lists the fault with its time. Returns false if another command has done so meanwhile. */
async function finish(db: Db, { name, afterCommit }: Fault, now: Date): Promise<boolean> {
  if (!afterCommit) return true;
  const { numAffectedRows } = await sql`
    UPDATE engine.settings SET value = value || jsonb_build_object(${name}::text, ${now}::timestamptz), changed_at = engine.now()
    WHERE key = ${key} AND value ->> ${name}::text IS NULL`.execute(db);
  return numAffectedRows === 1n;
}

/**
 * Has PostgreSQL count the planted rows: without that its plans may take minutes for what takes milliseconds. Tables that no
 * autovacuum looks after are left out, because their old statistics are a fault.
 */
export async function analyzePlanted(db: Db): Promise<void> {
  const { rows } = await sql<{ tables: string }>`
    SELECT string_agg(c.oid::regclass::text, ', ') AS tables FROM pg_class c
    WHERE c.relkind IN ('r', 'p', 'm') AND c.relpersistence <> 't' AND NOT coalesce('autovacuum_enabled=off' = ANY (c.reloptions), false)`.execute(
    db,
  );
  await sql`ANALYZE ${sql.raw(rows[0]!.tables)}`.execute(db);
}
