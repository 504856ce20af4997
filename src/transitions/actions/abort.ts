/**
 * An intended step is not applied, for a reason that says nothing about its remedy; or a person has looked at a step
 * of which it was not known whether its effect happened. Such a step counts neither for nor against an entry.
 *
 * From: `intent`; or `unknown`, by a person.
 * To: `aborted`, with the reason in `error_message` or, when a person did it, in the evidence.
 * By: the worker that applies or continues the step, or that records a clean result (part of `record`), under the run's
 *   fence; an operator who resolves the ticket.
 * Locks: actions; in a record and by a person after the fingerprint's memory.
 * Zero rows: the action has ended, or another run carries it out.
 */
import { sql, type Transaction } from 'kysely';
import type { Database } from '../../database/connect.ts';
import { concludeAs } from '../conclude-as.ts';
import { endIntent, type IntentEnd } from './end-intent.ts';

/** The run was stopped, a gate closed, or a fault kept it from being applied. False for zero rows. */
export const abortIntent = (trx: Transaction<Database>, end: IntentEnd): Promise<boolean> =>
  endIntent(trx, 'aborted', end);

/**
 * For an intent that an earlier run left behind without an effect, and that is not continued: a gate is closed, or its entry
 * or its step is gone.
 */
export async function abortAbandoned(trx: Transaction<Database>, id: string): Promise<void> {
  await sql`
    UPDATE bot_actions
    SET ${concludeAs('state', 'aborted')}, error_message = 'it was not applied, and its gates or its entry no longer allow it'
    WHERE id = ${id}::uuid AND state = 'intent'`.execute(trx);
}

/**
 * `aborted`: intents whose problem is gone. If they stayed, an old intent might be applied when the problem comes back
 * later. Reads `clean`.
 */
export const abortIntentsOfClean = sql`aborted AS (
    UPDATE bot_actions a
    SET ${concludeAs('state', 'aborted')}, error_message = 'the problem was gone before it was applied'
    FROM clean WHERE a.fingerprint = clean.fingerprint AND a.state = 'intent'
      -- An effect outside that was begun may have happened: its remedy is asked (src/heal/ask.ts).
      AND NOT a.evidence ? 'begun'
      -- Another run may be carrying it out right now.
      AND NOT EXISTS (SELECT FROM bot_executions e
                      WHERE e.id = a.execution_id AND e.id <> clean.run AND e.status IN ('queued', 'running'))
  )`;

/**
 * For a ticket that a person resolves: the person has looked at the actions that are `unknown`, so they no longer block
 * healing of its finding. Returns their ids.
 */
export async function abortUnknown(
  trx: Transaction<Database>,
  ticket: { bot_id: string | null; fingerprint: string; number: string },
  { by, notes }: { by: string; notes: string },
): Promise<string[]> {
  const evidence = JSON.stringify({ settled: { by, notes, ticket: ticket.number } });
  const { rows } = await sql<{ id: string }>`
    UPDATE bot_actions
    SET ${concludeAs('state', 'aborted')}, evidence = evidence || ${evidence}::jsonb
    WHERE bot_id = ${ticket.bot_id}::uuid AND fingerprint = ${ticket.fingerprint}::text AND state = 'unknown'
    RETURNING id`.execute(trx);
  return rows.map(({ id }) => id);
}
