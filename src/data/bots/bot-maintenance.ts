/**
 * Maintenance windows: while one is in force, what fits its scope gets no ticket and is not healed, and people are told of
 * none of it. {@link underMaintenance} and {@link ticketUnderMaintenance} are what every other statement asks.
 */
import { sql, type RawBuilder, type Selectable } from 'kysely';
import type { Db } from '../../database/connect.ts';
import { countRows } from '../../database/rows/count-rows.ts';
import type { HeldBackNow } from '../../ground/kept-back.ts';
import { boolean, object } from '../../database/faults/bad-input.ts';
import type { BotMaintenance } from '../../database/tables.ts';
import { isOfChannel, isPending, stormOf } from './pending-tickets.ts';
import { rowLimit } from './row-limit.ts';

export type MaintenanceRow = Selectable<BotMaintenance>;

/** The columns that a window may name, as SQL. */
interface FindingColumns {
  bot_id: RawBuilder<unknown>;
  component: RawBuilder<unknown>;
  category: RawBuilder<unknown>;
  severity: RawBuilder<unknown>;
}

// In all of these, `m` is bot_maintenance. The clock is in a subquery, so that each statement reads it only once.
const clock = sql`(SELECT public.bots_now())`;

/** Each statement computes it only once, too, however many findings there are: most statements find no window in force. */
const inForce = sql`m.id = ANY (ARRAY(
    SELECT w.id FROM bot_maintenance w WHERE upper(w.occurrences) > ${clock} AND w.occurrences @> ${clock}))`;

/** A finding has to fit each kind that the window names, by any one of the names. */
const fits = ({ bot_id, component, category, severity }: FindingColumns) => sql`
  ((m.bot_ids IS NULL OR ${bot_id} = ANY (m.bot_ids)) AND (m.components IS NULL OR ${component} = ANY (m.components))
  AND (m.categories IS NULL OR ${category} = ANY (m.categories))
  AND (m.severities IS NULL OR ${severity} = ANY (m.severities)))`;

/** The columns of `bot_findings` under this alias. */
const ofFinding = (alias: string): FindingColumns => ({
  bot_id: sql.ref(`${alias}.bot_id`),
  component: sql`${sql.ref(`${alias}.affected_component`)}::text`,
  category: sql`${sql.ref(`${alias}.category`)}::text`,
  severity: sql`${sql.ref(`${alias}.severity`)}::text`,
});

/**
 * The columns for the ticket under this alias, by the finding `f` for which it was opened. A storm's ticket is about all
 * components of its bot: only a window that names neither components nor categories fits it.
 */
const ofTicket = (alias: string): FindingColumns => {
  const unlessStorm = (column: RawBuilder<unknown>) =>
    sql`CASE WHEN ${sql.ref(`${alias}.fingerprint`)} IS DISTINCT FROM ${stormOf(sql.ref(`${alias}.bot_id`))} THEN ${column} END`;
  return {
    bot_id: sql.ref(`${alias}.bot_id`),
    component: unlessStorm(
      sql`coalesce(f.affected_component, ${sql.ref(`${alias}.metadata`)} ->> 'component')::text`,
    ),
    category: unlessStorm(sql`f.category::text`),
    // As severe as the ticket is now, whatever its finding was when it was opened.
    severity: sql`${sql.ref(`${alias}.severity`)}::text`,
  };
};

/**
 * A window for everything is about the platform. A ticket about a channel is about the engine, and holding it back would hide
 * why people learn nothing: only a window that names its component fits it.
 */
const fitsTicket = (alias: string) => sql`
  (${fits(ofTicket(alias))} AND (m.components IS NOT NULL OR NOT ${isOfChannel(alias)}))`;

const windowsOverTicket = (alias: string) => sql`bot_maintenance m
      LEFT JOIN bot_findings f ON f.id = ${sql.ref(`${alias}.finding_id`)}`;

/** Whether a window `m` covers the row of `bot_tickets` under this alias, whether it is in force or not. */
export const coversTicket = (alias: string) => sql<boolean>`EXISTS (
    SELECT FROM (VALUES (1)) one LEFT JOIN bot_findings f ON f.id = ${sql.ref(`${alias}.finding_id`)}
    WHERE ${fitsTicket(alias)})`;

/** Whether a maintenance window is in force for these columns of a finding. */
export const maintained = (finding: FindingColumns) => sql<boolean>`
  EXISTS (SELECT FROM bot_maintenance m WHERE ${inForce} AND ${fits(finding)})`;

/** Whether a maintenance window is in force for the row of `bot_findings` under this alias. */
export const underMaintenance = (alias: string) => maintained(ofFinding(alias));

/** Whether a maintenance window is in force for the row of `bot_tickets` under this alias: its clock is held. */
export const ticketUnderMaintenance = (alias: string) => sql<boolean>`
  EXISTS (SELECT FROM ${windowsOverTicket(alias)} WHERE ${inForce} AND ${fitsTicket(alias)})`;

/** A window in force: in JSON, so that times are texts. `ends_at` is the end of this occurrence. */
export interface Maintenance extends Pick<MaintenanceRow, 'id' | 'owner' | 'reason' | 'skip_runs'> {
  ends_at: string;
}

/** The range of the window `m` in which the clock lies. */
export const presentOccurrence = sql`(SELECT r FROM unnest(m.occurrences) r WHERE r @> ${clock})`;

const windows = sql`coalesce(json_agg(json_build_object('id', m.id, 'owner', m.owner, 'reason', m.reason,
    'skip_runs', m.skip_runs, 'ends_at', upper(${presentOccurrence})) ORDER BY m.created_at, m.id), '[]')`;

/** The windows in force for these columns of a finding, the oldest first. */
export const maintenanceOver = (finding: FindingColumns) => sql<Maintenance[]>`
  (SELECT ${windows} FROM bot_maintenance m WHERE ${inForce} AND ${fits(finding)})`;

/** `bot_maintenance`: the windows in force for an open finding under this alias; none if the alias has no row. */
export const maintenanceColumn = (alias: string) => {
  const column = (name: string) => sql.ref(`${alias}.${name}`);
  return sql<
    Maintenance[]
  >`CASE WHEN ${column('resolved_at')} IS NULL AND ${column('id')} IS NOT NULL
    THEN ${maintenanceOver(ofFinding(alias))} ELSE '[]' END`.as('bot_maintenance');
};

/** The windows in force for the row of `bot_tickets` under this alias, the oldest first. */
export const maintenanceOverTicket = (alias: string) => sql<Maintenance[]>`
  (SELECT ${windows} FROM ${windowsOverTicket(alias)} WHERE ${inForce} AND ${fitsTicket(alias)})`;

/** `bot_maintenance`: the windows in force for a pending ticket under this alias. */
export const maintenanceOfTicketColumn = (alias: string) =>
  sql<
    Maintenance[]
  >`CASE WHEN ${isPending(alias)} THEN ${maintenanceOverTicket(alias)} ELSE '[]' END`.as(
    'bot_maintenance',
  );

/** The windows in force for a bot, the oldest first; `is_part`: it names components, categories or severities. */
export async function maintenanceOfBot(
  db: Db,
  bot: string,
): Promise<(Maintenance & { is_part: boolean })[]> {
  const { rows } = await sql<Maintenance & { is_part: boolean }>`
    SELECT m.id, m.owner, m.reason, m.skip_runs, to_json(upper(${presentOccurrence})) #>> '{}' AS ends_at,
           num_nonnulls(m.components, m.categories, m.severities) > 0 AS is_part
    FROM bot_maintenance m WHERE ${inForce} AND (m.bot_ids IS NULL OR ${bot}::uuid = ANY (m.bot_ids))
    ORDER BY m.created_at, m.id`.execute(db);
  return rows;
}

const countFindings = sql<number>`(
    SELECT count(*)::int FROM bot_findings f WHERE f.resolved_at IS NULL AND ${fits(ofFinding('f'))})`;
const countTickets = sql<number>`(
    SELECT count(*)::int FROM bot_tickets t LEFT JOIN bot_findings f ON f.id = t.finding_id
    WHERE ${isPending('t')} AND ${fitsTicket('t')})`;

/** How many open findings and pending tickets a window covers, also one that is yet to come. */
export async function countCovered(
  db: Db,
  id: string,
): Promise<{ findings: number; tickets: number }> {
  const { rows } = await sql<{ findings: number; tickets: number }>`
    SELECT ${countFindings} AS findings, ${countTickets} AS tickets FROM bot_maintenance m WHERE m.id = ${id}::uuid`.execute(
    db,
  );
  return rows[0]!;
}

const shownOccurrence = sql`(SELECT r FROM unnest(m.occurrences) r ORDER BY upper(r) <= ${clock},
    CASE WHEN upper(r) > ${clock} THEN r END, r DESC LIMIT 1)`;

/**
 * Windows with the names of their `bots`, their present or next occurrence (else the last one) as `starts_at` and
 * `ends_at`, whether they are `in_force`, and how many open findings and pending tickets each holds back now (null if it
 * is not in force). Only those that are in force or to come unless `all`; those in force first, then by the time of their
 * occurrence. Throws BadInputError.
 */
export async function listMaintenance(
  db: Db,
  filter: { all: boolean; limit: number; id?: string; inForce?: boolean },
) {
  const { all, limit, id, inForce: onlyInForce } = object('filter', filter);
  const includesEnded = boolean('all', all);
  let query = db
    .selectFrom('bot_maintenance as m')
    .selectAll('m')
    .select([
      sql<
        string[] | null
      >`(SELECT array_agg(b.name::text ORDER BY b.name) FROM bots b WHERE b.id = ANY (m.bot_ids))`.as(
        'bots',
      ),
      sql<Date | null>`lower(${shownOccurrence})`.as('starts_at'),
      sql<Date | null>`upper(${shownOccurrence})`.as('ends_at'),
      sql<boolean>`m.occurrences @> ${clock}`.as('in_force'),
      sql<number | null>`CASE WHEN m.occurrences @> ${clock} THEN ${countFindings} END`.as(
        'open_findings',
      ),
      sql<number | null>`CASE WHEN m.occurrences @> ${clock} THEN ${countTickets} END`.as(
        'pending_tickets',
      ),
    ])
    .orderBy(sql`coalesce(m.occurrences @> ${clock}, false)`, 'desc')
    .orderBy(sql`coalesce(upper(m.occurrences) > ${clock}, false)`, 'desc')
    .orderBy('starts_at')
    .orderBy('m.id')
    .limit(rowLimit(limit));
  if (!includesEnded) query = query.where(sql<boolean>`upper(m.occurrences) > ${clock}`);
  if (onlyInForce) query = query.where(sql<boolean>`m.occurrences @> ${clock}`);
  if (id !== undefined) query = query.where('m.id', '=', id);
  return query.execute();
}

/** How many windows there are, whatever a list's limit; null: very many. */
export const countMaintenance = (db: Db, { all }: { all: boolean }) =>
  countRows(
    db,
    db
      .selectFrom('bot_maintenance as m')
      .$if(!all, (query) => query.where(sql<boolean>`upper(m.occurrences) > ${clock}`)),
  );

export type ListedMaintenance = Awaited<ReturnType<typeof listMaintenance>>[number];

/** What maintenance holds back now. */
export async function countHeldBack(db: Db): Promise<HeldBackNow> {
  const { rows } = await sql<HeldBackNow>`
    SELECT in_force.windows,
           CASE WHEN in_force.windows = 0 THEN 0 ELSE (
             SELECT count(*)::int FROM bot_findings f WHERE f.resolved_at IS NULL AND ${underMaintenance('f')}) END AS findings,
           CASE WHEN in_force.windows = 0 THEN 0 ELSE (
             SELECT count(*)::int FROM bot_tickets t WHERE ${isPending('t')} AND ${ticketUnderMaintenance('t')}) END AS tickets
    FROM (SELECT count(*)::int AS windows FROM bot_maintenance m WHERE ${inForce}) in_force`.execute(
    db,
  );
  return rows[0]!;
}
