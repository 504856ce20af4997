/** Plants faults in a database, each once: which ones it has is written in the setting `planted_faults`. */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';
import type { Fault } from './fault.ts';

const key = 'planted_faults';

/**
 * Plants the fault and writes that down, in one transaction. Returns null where it has been planted before: then nothing changes,
 * because its rows would collide with those that are there. Locks the setting, so that two commands plant it once.
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

/** Has the planner know the rows that were planted: without that it may take minutes for what takes milliseconds. */
export const knowPlanted = async (db: Db): Promise<void> => void (await sql`ANALYZE`.execute(db));
