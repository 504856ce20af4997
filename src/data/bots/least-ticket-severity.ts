/**
 * The lowest severity at which a finding gets a ticket if no entry of knowledge acts on it: `tickets_from` in the setting
 * `escalation`.
 */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';
import type { Severity } from '../../ground/severity.ts';

/** The severities that can be set; critical and high findings always get a ticket. */
export type TicketSeverity = Exclude<Severity, 'critical'>;

/** The severity as the end of a run reads it: medium if nothing is set, or a word that is not one of these. */
export async function leastTicketSeverity(db: Db): Promise<TicketSeverity> {
  const { rows } = await sql<{
    severity: TicketSeverity;
  }>`SELECT engine.tickets_from() AS severity`.execute(db);
  return rows[0]!.severity;
}

/** Sets it for every process, from the next end of a run on. A setting that is not an object is replaced. */
export const writeLeastTicketSeverity = (db: Db, severity: TicketSeverity, by: string) => {
  const set = sql`jsonb_build_object('tickets_from', ${severity}::text)`;
  return sql`
    INSERT INTO engine.settings AS e (key, value, changed_at, changed_by)
    VALUES ('escalation', ${set}, engine.now(), ${by})
    ON CONFLICT (key) DO UPDATE SET changed_at = excluded.changed_at, changed_by = excluded.changed_by,
      value = CASE jsonb_typeof(e.value) WHEN 'object' THEN e.value || ${set} ELSE ${set} END`.execute(
    db,
  );
};
