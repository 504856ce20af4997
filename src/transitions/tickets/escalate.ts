/**
 * The escalation policy gives a ticket to the next person, reminds people of it, or makes it more severe. The transaction
 * that decides this (src/services/policy/escalate.ts) holds the ticket from the moment at which it reads the ticket until it
 * commits. So an acknowledgement is either committed before and seen, or it comes later and finds another version.
 *
 * From: `open` or `assigned`, when the policy is to be asked about it.
 * To: by a step: `assigned` to the person of the step, with an event `escalated`. By a reminder: the same status, with an
 *   event `reminded`. By a raise: more severe, with what `rate.ts` says follows from that and an event `raised`; the new
 *   severity is an override by `policy`, which ends when a run finds the problem even more severe. Otherwise only the time
 *   changes at which the policy is asked next.
 * By: the job `escalate-tickets`.
 * Locks: tickets in no fixed order; those that other transactions hold are skipped.
 * Zero rows: no ticket is due.
 */
import { sql, type Transaction } from 'kysely';
import {
  isFollowed,
  followedTickets,
  type FollowedRow,
} from '../../data/escalation/followed-tickets.ts';
import type { Database } from '../../database/connect.ts';
import type { Severity } from '../../ground/severity.ts';
import { findAssignees } from './open.ts';
import { respondByAt, assigneeAt } from './rate.ts';

/** Locks at most `maxRows` tickets about which the policy is due, those first that have waited longest, and returns them. */
export const lockDue = (trx: Transaction<Database>, maxRows: number): Promise<FollowedRow[]> =>
  followedTickets(
    trx,
    // Locks bot_tickets in no fixed order; rows that others hold are skipped.
    sql`WHERE ${isFollowed} AND t.escalate_at <= engine.now()
      ORDER BY t.escalate_at LIMIT ${maxRows}::int FOR NO KEY UPDATE SKIP LOCKED`,
  );

/** A ticket that this transaction holds. */
interface NextQuestion {
  id: string;
  /** when the policy is asked again; null: not before the ticket changes */
  next: Date | null;
}
export type Step = NextQuestion & { step: number; to: string; from: string | null; policy: number };
export type Reminder = NextQuestion & { why: string; policy: number };
export type Raise = { id: string; to: Severity; reason: string; policy: number };

const jsonOf = (rows: readonly object[]) => JSON.stringify(rows);

export async function giveToNext(trx: Transaction<Database>, steps: Step[]): Promise<void> {
  if (steps.length === 0) return;
  await sql`
    WITH escalated AS (
      UPDATE bot_tickets t
      SET status = 'assigned', assigned_to = s.to, escalation_step = s.step, prompted_at = engine.now(), escalate_at = s.next,
          escalation_with = CASE WHEN t.escalation_step = 0 THEN t.assigned_to ELSE t.escalation_with END
      FROM jsonb_to_recordset(${jsonOf(steps)}::jsonb) AS s (id uuid, step int, "to" text, "from" text, policy int, next timestamptz)
      WHERE t.id = s.id
      RETURNING t.id, jsonb_build_object('step', s.step, 'from', s.from, 'to', s.to, 'policy', s.policy) AS detail
    )
    INSERT INTO bot_ticket_events (ticket_id, event, actor, detail, created_at)
    SELECT id, 'escalated', 'policy', detail, engine.now() FROM escalated`.execute(trx);
}

export async function remindOf(trx: Transaction<Database>, reminders: Reminder[]): Promise<void> {
  if (reminders.length === 0) return;
  await sql`
    WITH reminded AS (
      UPDATE bot_tickets t SET prompted_at = engine.now(), escalate_at = r.next
      FROM jsonb_to_recordset(${jsonOf(reminders)}::jsonb) AS r (id uuid, why text, policy int, next timestamptz)
      WHERE t.id = r.id
      RETURNING t.id, jsonb_build_object('why', r.why, 'to', t.assigned_to, 'policy', r.policy) AS detail
    )
    INSERT INTO bot_ticket_events (ticket_id, event, actor, detail, created_at)
    SELECT id, 'reminded', 'policy', detail, engine.now() FROM reminded`.execute(trx);
}

/** Makes tickets more severe. The caller has made sure that no person has acknowledged or rated any of them. */
export async function raise(trx: Transaction<Database>, raises: Raise[]): Promise<void> {
  if (raises.length === 0) return;
  await sql`
    WITH ${findAssignees}, raising AS (
      SELECT t.id, t.severity AS was, t.assigned_to AS had, r.to AS severity, r.reason, r.policy,
             ${assigneeAt(sql`r.to`)} AS assigned_to, ${respondByAt(sql`r.to`)} AS respond_by
      FROM jsonb_to_recordset(${jsonOf(raises)}::jsonb) AS r (id uuid, "to" text, reason text, policy int)
      JOIN bot_tickets t ON t.id = r.id
    ), raised AS (
      UPDATE bot_tickets t
      SET severity = r.severity, severity_override = r.severity, severity_override_by = 'policy',
          severity_override_reason = r.reason, severity_found = t.severity, policy_raised_at = engine.now(),
          status = CASE WHEN r.assigned_to IS NULL THEN 'open' ELSE 'assigned' END, assigned_to = r.assigned_to,
          respond_by = r.respond_by
      FROM raising r WHERE t.id = r.id
      RETURNING t.id, jsonb_build_object('from', r.was, 'to', r.severity, 'reason', r.reason, 'policy', r.policy)
        || CASE WHEN r.assigned_to IS DISTINCT FROM r.had THEN jsonb_build_object('assigned_to', r.assigned_to) ELSE '{}' END AS detail
    )
    INSERT INTO bot_ticket_events (ticket_id, event, actor, detail, created_at)
    SELECT id, 'raised', 'policy', detail, engine.now() FROM raised`.execute(trx);
}

/** Changes only the time at which the policy is asked next. */
export async function askPolicyAgain(
  trx: Transaction<Database>,
  questions: NextQuestion[],
): Promise<void> {
  if (questions.length === 0) return;
  await sql`
    UPDATE bot_tickets t SET escalate_at = a.next
    FROM jsonb_to_recordset(${jsonOf(questions)}::jsonb) AS a (id uuid, next timestamptz)
    WHERE t.id = a.id`.execute(trx);
}
