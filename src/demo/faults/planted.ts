/** Plants faults in a database, each once: the setting `planted_faults` lists those that it has. */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';
import type { Fault } from './fault.ts';

const key = 'planted_faults';

/**
 * Plants the fault and lists it in the setting, in one transaction. Returns the time of its rows. Where the fault was planted before,
 * nothing changes, because its rows would collide with the earlier ones: then it returns null. The setting is locked, so that of
 * two commands at once only one plants the fault.
 */
export const plantOnce = (db: Db, fault: Fault): Promise<Date | null> =>
  db.transaction().execute(async (trx) => {
    await sql`INSERT INTO engine.settings (key, value) VALUES (${key}, '{}') ON CONFLICT (key) DO NOTHING`.execute(
      trx,
    );
    const { rows } = await sql<{ now: Date; planted: boolean }>`
      SELECT engine.now() AS now, value ? ${fault.name} AS planted
      FROM engine.settings WHERE key = ${key} FOR UPDATE`.execute(trx);
    const { now, planted } = rows[0]!;
    if (planted) return null;
    await fault.plant(trx, now);
    await sql`
      UPDATE engine.settings SET value = value || jsonb_build_object(${fault.name}::text, ${now}::timestamptz), changed_at = engine.now()
      WHERE key = ${key}`.execute(trx);
    return now;
  });

/** Has PostgreSQL count the planted rows: without that its plans may take minutes for what takes milliseconds. */
export const analyzePlanted = async (db: Db): Promise<void> =>
  void (await sql`ANALYZE`.execute(db));
