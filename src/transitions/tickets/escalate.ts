/**
 * The escalation policy gives a ticket to the next person, reminds of it, or makes it more severe. Who decides what is done
 * (src/services/policy/escalate.ts) holds the ticket from reading it on until that is written: an acknowledgement comes
 * before and is seen, or comes after and finds another version.
 *
 * From: `open` or `assigned`, when the policy is to be asked about it.
 * To: a step: `assigned` to the person of the step, with an event `escalated`. A reminder: the same status, with an event
 *   `reminded`. More severe: as when a run finds it so (`rate.ts`), kept as an override by `policy` that a run which finds it
 *   more severe still takes away, with an event `raised`. Otherwise: only when the policy is asked next.
 * By: the job `escalate-tickets`.
 * Locks: tickets as they come, without those that other transactions hold.
 * Zero rows: the policy has nothing to do now.
 */
import { sql, type Transaction } from 'kysely';
import { isFollowed, judgedTickets, type JudgedRow } from '../../data/escalation/judged-tickets.ts';
import type { Database } from '../../database/connect.ts';
import type { Severity } from '../../ground/severity.ts';
import { findAssignees } from './open.ts';
import { respondByAt, whoAt } from './rate.ts';

/** At most this many, those first that have waited longest. They stay locked. */
export const lockDue = (trx: Transaction<Database>, most: number): Promise<JudgedRow[]> =>
  judgedTickets(
    trx,
    // Locks bot_tickets as they come; rows that others hold are skipped.
    sql`WHERE ${isFollowed} AND t.escalate_at <= engine.now()
      ORDER BY t.escalate_at LIMIT ${most}::int FOR NO KEY UPDATE SKIP LOCKED`,
  );

/** For tickets that this transaction holds; `next` is when the policy is asked again, null: not before they change. */
interface Asked {
  id: string;
  next: Date | null;
}
export type Step = Asked & { step: number; to: string; from: string | null; policy: number };
export type Reminder = Asked & { why: string; policy: number };
export type Raise = { id: string; to: Severity; reason: string; policy: number };

const given = (rows: readonly object[]) => JSON.stringify(rows);

export async function giveToNext(trx: Transaction<Database>, steps: Step[]): Promise<void> {
  if (steps.length === 0) return;
  await sql`
    WITH given AS (
      UPDATE bot_tickets t
      SET status = 'assigned', assigned_to = s.to, escalation_step = s.step, prompted_at = engine.now(), escalate_at = s.next,
          escalation_with = CASE WHEN t.escalation_step = 0 THEN t.assigned_to ELSE t.escalation_with END
      FROM jsonb_to_recordset(${given(steps)}::jsonb) AS s (id uuid, step int, "to" text, "from" text, policy int, next timestamptz)
      WHERE t.id = s.id
      RETURNING t.id, jsonb_build_object('step', s.step, 'from', s.from, 'to', s.to, 'policy', s.policy) AS detail
    )
    INSERT INTO bot_ticket_events (ticket_id, event, actor, detail, created_at)
    SELECT id, 'escalated', 'policy', detail, engine.now() FROM given`.execute(trx);
}

export async function remindOf(trx: Transaction<Database>, reminders: Reminder[]): Promise<void> {
  if (reminders.length === 0) return;
  await sql`
    WITH reminded AS (
      UPDATE bot_tickets t SET prompted_at = engine.now(), escalate_at = r.next
      FROM jsonb_to_recordset(${given(reminders)}::jsonb) AS r (id uuid, why text, policy int, next timestamptz)
      WHERE t.id = r.id
      RETURNING t.id, jsonb_build_object('why', r.why, 'to', t.assigned_to, 'policy', r.policy) AS detail
    )
    INSERT INTO bot_ticket_events (ticket_id, event, actor, detail, created_at)
    SELECT id, 'reminded', 'policy', detail, engine.now() FROM reminded`.execute(trx);
}

/** None of them is acknowledged, or rated by a person. */
export async function raise(trx: Transaction<Database>, raises: Raise[]): Promise<void> {
  if (raises.length === 0) return;
  await sql`
    WITH ${findAssignees}, raising AS (
      SELECT t.id, t.severity AS was, t.assigned_to AS had, r.to AS severity, r.reason, r.policy,
             ${whoAt(sql`r.to`)} AS assigned_to, ${respondByAt(sql`r.to`)} AS respond_by
      FROM jsonb_to_recordset(${given(raises)}::jsonb) AS r (id uuid, "to" text, reason text, policy int)
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

export async function askAgain(trx: Transaction<Database>, asked: Asked[]): Promise<void> {
  if (asked.length === 0) return;
  await sql`
    UPDATE bot_tickets t SET escalate_at = a.next
    FROM jsonb_to_recordset(${given(asked)}::jsonb) AS a (id uuid, next timestamptz)
    WHERE t.id = a.id`.execute(trx);
}
