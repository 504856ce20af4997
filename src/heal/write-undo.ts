/** What the row of an action says about its undo. */
import { sql, type Transaction } from 'kysely';
import type { Evidence } from '../contract/remedy.ts';
import { cutOff } from '../data/bots/cutoff.ts';
import type { Fenced } from '../data/bots/fence.ts';
import type { Database } from '../database/connect.ts';
import { plain } from '../ground/plain.ts';
import { fitting } from '../ground/text.ts';

/** An action that somebody asked to be undone, and its finding. */
export interface Request {
  id: string;
  state: Database['bot_actions']['state'];
  applied_at: Date | null;
  fingerprint: string;
  component: string | null;
  step: number;
  /** what its entry says now; null where that is gone */
  solution: string | null;
  evidence: {
    params?: unknown;
    before?: unknown;
    after?: unknown;
    undo_begun?: { execution_id: string; fence?: string; at: string };
  };
  component_key: string | null;
  metadata: Record<string, unknown> | null;
  now: Date;
}

/** Committed before an undo outside: it is never repeated on a guess. */
export async function writeBegin(
  trx: Transaction<Database>,
  run: Fenced,
  request: Request,
): Promise<Request> {
  await sql`
    UPDATE bot_actions
    SET evidence = evidence || jsonb_build_object(
      'undo_begun', jsonb_build_object('execution_id', ${run.id}::text, 'fence', ${run.fence}::text, 'at', engine.now()))
    WHERE id = ${request.id}::uuid`.execute(trx);
  return request;
}

/** `-> undone`: a relapse to the figures, which the ledger counts anew by itself. */
export async function recordUndone(
  trx: Transaction<Database>,
  { id, fingerprint }: Request,
  evidence: Evidence,
): Promise<void> {
  // Whatever a remedy returns against the contract: it was taken back.
  const { summary, before, after } = Object(evidence) as Partial<Evidence>;
  await cutOff(trx, fingerprint);
  const undo = JSON.stringify(plain({ undo: { summary, before, after } }));
  await sql`
    UPDATE bot_actions
    SET state = 'undone', success = false, settled_at = engine.now(),
        evidence = evidence - 'undo_begun' - 'undo_failed' - 'undo_delayed' || ${undo}::jsonb
    WHERE id = ${id}::uuid AND state <> 'undone'`.execute(trx);
}

/** It was not taken back, and that is certain: it may be asked for again. */
export async function writeFailure(
  trx: Transaction<Database>,
  id: string,
  why: string,
): Promise<void> {
  await sql`
    UPDATE bot_actions
    SET undo_requested_at = NULL, evidence = evidence - 'undo_begun' - 'undo_delayed' || ${failed(why)}::jsonb
    WHERE id = ${id}::uuid`.execute(trx);
}

/** It was not taken back, and the remedy is not to blame: the bot's next run tries it again. That this one began is gone. */
export async function writeDelay(
  trx: Transaction<Database>,
  id: string,
  why: string,
  { fence }: Fenced,
): Promise<void> {
  const delayed = JSON.stringify(plain({ undo_delayed: fitting(why, 2_000) }));
  await sql`
    UPDATE bot_actions
    SET evidence = CASE WHEN evidence #>> '{undo_begun,fence}' = ${fence}::text THEN evidence - 'undo_begun' ELSE evidence END
                   || ${delayed}::jsonb
    WHERE id = ${id}::uuid`.execute(trx);
}

/**
 * Nobody can tell whether it was taken back: `unknown`, until a person has looked. While something else about
 * the same problem is unfinished the action keeps its state, and its evidence says so.
 */
export async function writeDoubt(
  trx: Transaction<Database>,
  id: string,
  why: string,
): Promise<void> {
  const message = `asked to undo it: ${why}`;
  await sql`
    UPDATE bot_actions a
    SET state = 'unknown', success = false, settled_at = NULL, error_message = ${fitting(message, 2_000)}
    WHERE id = ${id}::uuid AND NOT EXISTS (
      SELECT FROM bot_actions o
      WHERE o.fingerprint = a.fingerprint AND o.id <> a.id AND o.state IN ('intent', 'applied', 'unknown'))`.execute(
    trx,
  );
  await sql`
    UPDATE bot_actions SET undo_requested_at = NULL, evidence = evidence - 'undo_delayed' || ${failed(why)}::jsonb
    WHERE id = ${id}::uuid`.execute(trx);
}

const failed = (why: string) => JSON.stringify(plain({ undo_failed: fitting(why, 2_000) }));
