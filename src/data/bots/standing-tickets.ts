/** Which ticket stands for an open finding (its own, that of a storm, or that of a cause), and which tickets wait for a person. */
import { sql, type RawBuilder } from 'kysely';
import type { Db } from '../../database/connect.ts';
import { ticketUnderMaintenance, underMaintenance } from './bot-maintenance.ts';
import { ofFinding, silenced } from './bot-silences.ts';
import { isOf, isPending, isSnoozed, stormOf, type TicketStatus } from './pending-tickets.ts';
import { severityRank } from './severity-rank.ts';

/**
 * The common table expression `behind`: an open finding of this alias (`hops` 0) and the findings behind which it stands,
 * the nearest first. It has no causes for a finding in a circle, behind more than 10, or behind one that waits for events.
 */
const behind = (alias: string) => {
  const own = (name: string) => sql.ref(`${alias}.${name}`);
  const columns = [
    'id',
    'bot_id',
    'fingerprint',
    'severity',
    'affected_component',
    'category',
    'suppressed_by',
  ];
  const of = (table: string) => sql.join(columns.map((name) => sql.ref(`${table}.${name}`)));
  return sql`WITH RECURSIVE behind AS (
      SELECT ${sql.join(columns.map((name) => sql`${own(name)} AS ${sql.ref(name)}`))}, 0 AS hops
      UNION ALL
      SELECT ${of('p')}, behind.hops + 1
      FROM behind JOIN bot_findings p ON p.id = behind.suppressed_by AND p.resolved_at IS NULL
      -- The same rule as suppressed(), by a function outside schema engine, which users may not enter. At most 10 findings
      -- are followed, as engine.is_suppressed does: in a cycle the walk has to end.
      WHERE behind.hops < 10 AND behind.suppressed_by IS NOT NULL AND public.finding_is_suppressed(behind.suppressed_by)
    )`;
};

/** Whether a row `t` of `bot_tickets` is pending, and the ticket of a finding under this alias or of the storm of its bot. */
const isPendingFor = (finding: string) => sql`
      (${isPending('t')} AND (${isOf('t', finding)} OR t.bot_id = ${sql.ref(`${finding}.bot_id`)}
        AND t.fingerprint = ${stormOf(sql.ref(`${finding}.bot_id`))} AND public.finding_is_broken(${sql.ref(`${finding}.id`)})))`;

/** Whether people are not told of a row of `behind`. */
const isHeldBack = sql`(${silenced(ofFinding('behind'))} OR ${underMaintenance('behind')})`;

/**
 * Whether a row `t` of `bot_tickets` is pending, and people learn by it of an open finding under this alias: it is the
 * ticket of a row of `behind`, or of the storm of that row's bot. The ticket of a cause counts only if people are told of the
 * cause (no silence and no maintenance covers it), and the ticket is as severe as the finding at least: a person may leave a low
 * ticket for the next day.
 */
const standsBy = (alias: string) => sql`
      ${isPendingFor('behind')}
      AND (behind.hops = 0
        OR ${severityRank('t.severity')} <= ${severityRank(`${alias}.severity`)} AND NOT ${isHeldBack})`;

/** The pending ticket that stands for an open finding. */
export interface StandingTicket {
  id: string;
  /** T-42 is '42' */
  number: string;
  title: string;
  severity: string;
  status: TicketStatus;
  /** `finding`: the finding's own ticket; `storm`: that of a storm of its bot; `suppressor`: that of its cause */
  stands_for: 'finding' | 'storm' | 'suppressor';
  /** the number of the ticket for which this one stands, because that one is merged into it; null if there is none */
  merged: string | null;
}

/**
 * The ticket that stands for an open finding under this alias: its own, else that of a storm of its bot, else that of the
 * nearest cause of which people are told, if it is as severe as the finding at least. If that ticket is merged, its survivor. Null
 * if there is none, and for a resolved finding.
 */
export const ticketColumn = (alias: string) =>
  sql<StandingTicket | null>`CASE WHEN ${sql.ref(`${alias}.resolved_at`)} IS NULL THEN (
    ${behind(alias)}
    SELECT json_build_object('id', s.id, 'number', s.number::text, 'title', s.title, 'severity', s.severity, 'status', s.status,
             'merged', CASE WHEN s.id <> t.id THEN t.number::text END, 'stands_for', CASE WHEN hops > 0 THEN 'suppressor' WHEN ${isOf('t', 'behind')} THEN 'finding'
                           ELSE 'storm' END)
    FROM behind JOIN bot_tickets t ON ${standsBy(alias)} JOIN bot_tickets s ON s.id = coalesce(t.merged_into, t.id)
    ORDER BY hops, NOT ${isOf('t', 'behind')}, t.fingerprint <> behind.fingerprint, t.number LIMIT 1) END`.as(
    'ticket',
  );

const hasOwn = (alias: string) =>
  sql`EXISTS (SELECT FROM bot_tickets t WHERE ${isPendingFor(alias)})`;

/** What the same statement changes at the end of a run: `opened` is true for a row of `behind`, `ended` for a ticket `t`. */
interface ChangesAtEndOfRun {
  opened: RawBuilder<unknown>;
  ended: RawBuilder<unknown>;
}

/**
 * Whether people are told of an open finding under this alias by the ticket of a cause: one that is pending, and with
 * `changing` one that is opened now, and none that ends now.
 */
export const isToldByCause = (alias: string, changing?: ChangesAtEndOfRun) => sql<boolean>`
    (${sql.ref(`${alias}.suppressed_by`)} IS NOT NULL AND EXISTS (
      ${behind(alias)}
      SELECT FROM behind WHERE behind.hops > 0 AND (
        EXISTS (SELECT FROM bot_tickets t WHERE ${standsBy(alias)} ${changing ? sql`AND NOT ${changing.ended}` : sql``})
        ${
          changing
            ? sql`OR ${severityRank('behind.severity')} <= ${severityRank(`${alias}.severity`)}
          AND NOT ${isHeldBack} AND (${changing.opened})`
            : sql``
        })))`;

/** Whether an open finding under this alias is suppressed: the ticket of a cause, and no other, tells people of it. */
export const isSuppressed = (alias: string) =>
  sql<boolean>`(${isToldByCause(alias)} AND NOT ${hasOwn(alias)})`;

/** Whether no pending ticket tells people of an open finding under this alias. */
export const isUnticketed = (alias: string) =>
  sql<boolean>`(NOT ${hasOwn(alias)} AND NOT ${isToldByCause(alias)})`;

/** Whether the pending ticket under this alias needs a person now: a snoozed one needs nothing until it wakes. */
export const needsPersonNow = (alias: string) => sql<boolean>`(NOT ${isSnoozed(alias)}
  -- People are not told of what a silence or a maintenance window covers.
  AND NOT ${ticketUnderMaintenance(alias)}
  AND NOT EXISTS (SELECT FROM bot_findings f WHERE f.id = ${sql.ref(`${alias}.finding_id`)} AND ${silenced(ofFinding('f'))}))`;

/**
 * A flood: one finding of a check stands for many others of the same check that came at once, such as the alarms of a source
 * (src/sources/flood.ts). These are its parts: they stand behind it, and while it is open none of them gets a ticket of its own, whatever
 * its severity, also where people are not told of the flood. Its metadata has this property.
 */
const flood = 'flood';

/** The metadata of a flood's finding, beside what else it says. */
export const floodMetadata = (figures: object): Record<string, unknown> => ({ [flood]: figures });

/** Whether the finding under the first alias is the flood of which the finding under the other may be a part. */
export const isFloodOf = (cause: string, part: string) => {
  const of = (table: string, name: string) => sql.ref(`${table}.${name}`);
  return sql<boolean>`(${of(cause, 'bot_id')} = ${of(part, 'bot_id')} AND ${of(cause, 'check_name')} = ${of(part, 'check_name')}
    AND coalesce(${of(cause, 'metadata')} ? ${sql.lit(flood)}, false))`;
};

/** `floods`: the open floods of the bots of `runs`, which it reads. */
export const findFloods = sql`floods AS MATERIALIZED (
    SELECT f.id, f.bot_id, f.check_name FROM runs JOIN bot_findings f ON f.bot_id = runs.bot_id AND f.resolved_at IS NULL
    WHERE f.metadata ? ${sql.lit(flood)}
  )`;

/** Whether the finding under this alias is a part of one of these. */
export const isInFlood = (alias: string) => {
  const of = (name: string) => sql.ref(`${alias}.${name}`);
  return sql<boolean>`((${of('suppressed_by')}, ${of('bot_id')}, ${of('check_name')}) IN (SELECT id, bot_id, check_name FROM floods)) IS TRUE`;
};

/**
 * Whether something holds for the finding under this alias, or for the open flood of which it is a part: what keeps people from being told of
 * the flood keeps them from being told of its parts.
 */
export const itOrItsFlood = (
  alias: string,
  holds: (alias: string) => RawBuilder<boolean>,
): RawBuilder<boolean> => sql<boolean>`(${holds(alias)} OR EXISTS (
    SELECT FROM bot_findings its_flood
    WHERE its_flood.id = ${sql.ref(`${alias}.suppressed_by`)} AND its_flood.resolved_at IS NULL AND ${isFloodOf('its_flood', alias)}
      AND ${holds('its_flood')}))`;

/** Id of the open flood of which an open finding is a part; null where it is a part of none. */
export async function floodOf(db: Db, finding: string): Promise<string | null> {
  const { rows } = await sql<{ id: string }>`
    SELECT p.id FROM bot_findings f JOIN bot_findings p ON p.id = f.suppressed_by AND p.resolved_at IS NULL
    WHERE f.id = ${finding}::uuid AND f.resolved_at IS NULL AND ${isFloodOf('p', 'f')}`.execute(db);
  return rows[0]?.id ?? null;
}
