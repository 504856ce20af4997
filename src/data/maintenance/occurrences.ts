/** The times of maintenance windows: what a person has set, and the occurrences that are planned ahead. */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';
import { presentOccurrence, type MaintenanceRow } from '../bots/bot-maintenance.ts';

interface Times {
  starts_at: Date;
  ends_at: Date;
}

/** What a window names (null: all of that kind), its owner, and its times. */
export interface NewMaintenance extends Pick<
  MaintenanceRow,
  | 'bot_ids'
  | 'components'
  | 'categories'
  | 'severities'
  | 'skip_runs'
  | 'owner'
  | 'reason'
  | 'schedule_cron'
  | 'duration_seconds'
  | 'timezone'
  | 'planned_until'
> {
  occurrences: Times[];
}

const ranges = (times: readonly Times[]) => sql<string>`(
    SELECT coalesce(range_agg(tstzrange(s, e)), '{}') FROM unnest(
      ${times.map(({ starts_at }) => starts_at)}::timestamptz[], ${times.map(({ ends_at }) => ends_at)}::timestamptz[]) AS t (s, e))`;

/** Adds a window; returns its id. */
export async function insertMaintenance(
  db: Db,
  { occurrences, ...values }: NewMaintenance,
): Promise<string> {
  const { id } = await db
    .insertInto('bot_maintenance')
    .values({
      ...values,
      occurrences: ranges(occurrences),
      created_at: sql<Date>`engine.now()`,
      clocks_until: sql<Date>`engine.now()`,
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

/** Ends a window with all its occurrences, also one that is yet to come; false if it is over already. */
export async function endMaintenance(db: Db, id: string, by: string): Promise<boolean> {
  const { rows } = await sql`
    UPDATE bot_maintenance m
    SET occurrences = m.occurrences * tstzmultirange(tstzrange(NULL, engine.now())), ended_at = engine.now(), ended_by = ${by}
    WHERE m.id = ${id}::uuid AND m.ended_at IS NULL AND upper(m.occurrences) > engine.now() RETURNING m.id`.execute(
    db,
  );
  return rows.length > 0;
}

/** Ends the present occurrence of a window with a schedule; false if it is not in force, or has no schedule. */
export async function endOccurrence(db: Db, id: string, by: string): Promise<boolean> {
  const { rows } = await sql`
    UPDATE bot_maintenance m
    SET occurrences = m.occurrences - tstzmultirange(tstzrange(engine.now(), upper(${presentOccurrence}))),
        cut_at = engine.now(), cut_by = ${by}
    WHERE m.id = ${id}::uuid AND m.ended_at IS NULL AND m.schedule_cron IS NOT NULL AND m.occurrences @> engine.now()
    RETURNING m.id`.execute(db);
  return rows.length > 0;
}

/** A window with a schedule that needs more occurrences planned ahead. */
export interface Unplanned {
  id: string;
  schedule_cron: string;
  timezone: string;
  duration_seconds: number;
  planned_until: Date;
  now: Date;
}

/** The windows with a schedule that have fewer than half of the occurrences left that are planned ahead. */
export async function windowsToPlan(
  db: Db,
  { aheadDays, maxAhead }: { aheadDays: number; maxAhead: number },
): Promise<Unplanned[]> {
  const { rows } = await sql<Unplanned>`
    SELECT m.id, m.schedule_cron, m.timezone, m.duration_seconds, m.planned_until, engine.now() AS now
    FROM bot_maintenance m
    WHERE m.ended_at IS NULL AND m.planned_until < engine.now() + make_interval(days => ${aheadDays}) / 2
      AND (SELECT count(*) FROM unnest(m.occurrences) r WHERE lower(r) > engine.now()) < ${maxAhead}::int / 2
    ORDER BY m.id LIMIT 500`.execute(db);
  return rows;
}

/**
 * Adds occurrences to a window that is still planned until `planned_until`; drops those that were over more than `keptDays` ago.
 * Another process may have been faster, or a person may have ended the window: then nothing changes.
 */
export const addOccurrences = (
  db: Db,
  { id, planned_until }: Unplanned,
  planned: { occurrences: readonly Times[]; until: Date },
  keptDays: number,
) =>
  sql`
    UPDATE bot_maintenance m
    SET occurrences = (m.occurrences + ${ranges(planned.occurrences)})
          * tstzmultirange(tstzrange(least(m.clocks_until, engine.now() - make_interval(days => ${keptDays})), NULL)),
        planned_until = ${planned.until}
    WHERE m.id = ${id}::uuid AND m.ended_at IS NULL AND m.planned_until = ${planned_until}`.execute(
    db,
  );
