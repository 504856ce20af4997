/** Pending tickets as the escalation policy sees them, for the job that follows it and for commands that show what comes next. */
import { sql, type RawBuilder } from 'kysely';
import type { Db } from '../../database/connect.ts';
import { ticketUnderMaintenance } from '../bots/bot-maintenance.ts';
import { ofFinding, silenced } from '../bots/bot-silences.ts';
import { isPending } from '../bots/pending-tickets.ts';
import { isToldByCause } from '../bots/standing-tickets.ts';
import type { TicketRow } from '../bots/bot-tickets.ts';

export interface FollowedRow {
  id: string;
  policy_version: number | null;
  severity: TicketRow['severity'];
  category: string | null;
  bot: string | null;
  assigned_to: string | null;
  escalation_with: string | null;
  escalation_began_at: Date;
  escalation_step: number;
  prompted_at: Date | null;
  acknowledged_at: Date | null;
  /** when a person last changed it or wrote into its history */
  touched_at: Date | null;
  may_rise: boolean;
  /** a person has it wait, and nothing has woken it: also if its time is over and the timer has not come yet */
  snoozed: boolean;
  /** people are not told of its problem: a silence, maintenance, or the ticket of its cause */
  quiet: boolean;
  /** the database's time */
  now: Date;
}

/**
 * Whether the policy may be asked about a ticket `t` at all, whatever its clock says. A new state that hides tickets from people
 * has to be added to this condition.
 */
export const isFollowed = sql<boolean>`(${isPending('t')} AND t.merged_into IS NULL)`;

/** Whether the policy, and no person, has said how severe a ticket under this alias is. */
export const isOverriddenByPolicy = (alias: string) =>
  sql<boolean>`(${sql.ref(`${alias}.severity_override_by`)} IS NOT DISTINCT FROM 'policy'
    AND ${sql.ref(`${alias}.policy_raised_at`)} IS NOT NULL)`;

/** The columns that say how severe a person or the policy calls a ticket; they are set and cleared together. */
export const overrideColumns = [
  'severity_override',
  'severity_override_by',
  'severity_override_reason',
] as const;

const columns = sql`t.id, t.bot_id, t.fingerprint, t.finding_id, t.policy_version, t.severity, t.assigned_to, t.escalation_with,
      t.escalation_began_at, t.escalation_step, t.prompted_at, t.acknowledged_at, t.policy_raised_at, t.severity_override,
      t.snoozed_at, t.snoozed_until, t.snoozed_occurrences, t.woken_at, t.metadata`;

/** Reads tickets; `which` is the end of the statement `SELECT ... FROM bot_tickets t`: a condition, an order, a lock. */
export async function followedTickets(db: Db, which: RawBuilder<unknown>): Promise<FollowedRow[]> {
  const { rows } = await sql<FollowedRow>`
    SELECT t.id, t.policy_version, t.severity, finding.category, b.name AS bot, t.assigned_to, t.escalation_with,
           t.escalation_began_at, t.escalation_step, t.prompted_at, t.acknowledged_at,
           (SELECT max(e.created_at) FROM bot_ticket_events e
            WHERE e.ticket_id = t.id AND e.actor NOT IN ('roundsman', 'policy')) AS touched_at,
           t.policy_raised_at IS NULL AND t.severity_override IS NULL AS may_rise,
           (coalesce(t.snoozed_until::text, t.snoozed_occurrences::text) IS NOT NULL
            AND (t.woken_at IS NULL OR t.woken_at < coalesce(t.snoozed_at, t.snoozed_until))) IS TRUE AS snoozed,
           (open.id IS NOT NULL AND (${silenced(ofFinding('open'))} OR ${isToldByCause('open')}) OR ${ticketUnderMaintenance('t')}) IS TRUE AS quiet,
           engine.now() AS now
    FROM (SELECT ${columns} FROM bot_tickets t ${which}) t
    LEFT JOIN bots b ON b.id = t.bot_id
    LEFT JOIN bot_findings finding ON finding.id = t.finding_id
    LEFT JOIN LATERAL (SELECT f.* FROM bot_findings f
                       WHERE f.bot_id = t.bot_id AND f.fingerprint = t.fingerprint AND f.resolved_at IS NULL
                       LIMIT 1) open ON true`.execute(db);
  return rows;
}

/** One ticket; undefined if the policy is not asked about it. */
export const followedTicket = async (db: Db, id: string): Promise<FollowedRow | undefined> =>
  (await followedTickets(db, sql`WHERE t.id = ${id}::uuid AND ${isFollowed}`))[0];
