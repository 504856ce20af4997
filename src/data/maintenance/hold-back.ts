/** The maintenance window that a run of the job `maintenance` opens for as long as it works. It has the run's id. */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';
import type { Severity } from '../../ground/severity.ts';
import { endMaintenance } from './occurrences.ts';

/** Who owns it: no person has this name. */
const owner = 'roundsman';
const reason = 'the job maintenance works on tables and indexes';

interface HoldingBack {
  /** of the run */
  id: string;
  until: Date;
  severities: readonly Severity[];
}

/** When an earlier attempt of this run began to hold back; null where there was none. */
export async function firstHeldBack(db: Db, id: string): Promise<Date | null> {
  const { rows } = await sql<{ at: Date }>`
    SELECT lower(occurrences) AS at FROM bot_maintenance WHERE id = ${id}::uuid`.execute(db);
  return rows[0]?.at ?? null;
}

/** For so long the windows of earlier runs are kept, for people who look why a ticket waited. */
const keptDays = 90;

/**
 * Holds back findings of these severities from now on. A run that is begun again opens its window again. Removes the windows of runs of
 * long ago, of which every ticket has got its time back.
 */
export async function beginHoldingBack(
  db: Db,
  { id, until, severities }: HoldingBack,
): Promise<void> {
  await sql`
    DELETE FROM bot_maintenance
    WHERE owner = ${owner} AND reason = ${reason} AND upper(occurrences) < engine.now() - make_interval(days => ${keptDays})
      AND clocks_until >= upper(occurrences)`.execute(db);
  await sql`
    INSERT INTO bot_maintenance AS m (id, severities, owner, reason, occurrences, created_at, clocks_until)
    VALUES (${id}::uuid, ${[...severities]}::text[], ${owner}, ${reason},
      tstzmultirange(tstzrange(engine.now(), ${until}::timestamptz)), engine.now(), engine.now())
    ON CONFLICT (id) DO UPDATE SET
      occurrences = m.occurrences + excluded.occurrences, ended_at = NULL, ended_by = NULL`.execute(
    db,
  );
}

/** What is still open is told of from now on. A window that a person has ended, or that is over, stays as it is. */
export const endHoldingBack = (db: Db, id: string): Promise<boolean> =>
  endMaintenance(db, id, owner);
