/** An action that a person asked to undo, and how it is locked while it is undone. */
import { sql, type RawBuilder, type Transaction } from 'kysely';
import { NotAppliedError } from '../contract/remedy.ts';
import { inPlace } from '../data/bots/bot-actions.ts';
import type { Database } from '../database/connect.ts';

/** An action that a person asked to undo, and its finding. */
export interface UndoRequest {
  id: string;
  state: Database['bot_actions']['state'];
  applied_at: Date | null;
  fingerprint: string;
  component: string | null;
  step: number;
  /** the entry's solution now; null when the entry no longer exists */
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

/**
 * Reads the request as it is now, without a lock. Undefined when the undo is no longer requested. Throws
 * {@link NotAppliedError}.
 */
export const readUndoRequest = (
  trx: Transaction<Database>,
  id: string,
): Promise<UndoRequest | undefined> => readRequest(trx, id, sql``);

/**
 * Locks the request; the first run to lock it carries it out. Undefined when the undo is no longer requested. Throws
 * {@link NotAppliedError}.
 */
export async function lockUndoRequest(
  trx: Transaction<Database>,
  id: string,
): Promise<UndoRequest | undefined> {
  // The memory of the problem is locked first: each transaction that records results locks the memory before the action.
  await sql`
    SELECT FROM bot_finding_states s JOIN bot_actions a ON a.fingerprint = s.fingerprint
    WHERE a.id = ${id}::uuid FOR NO KEY UPDATE OF s`.execute(trx);
  return readRequest(trx, id, sql`FOR UPDATE OF a`);
}

async function readRequest(
  trx: Transaction<Database>,
  id: string,
  locking: RawBuilder<unknown>,
): Promise<UndoRequest | undefined> {
  const { rows } = await sql<UndoRequest>`
    SELECT a.id, a.state, a.applied_at, a.fingerprint, a.component, a.evidence, a.step, k.solution, f.component_key,
           f.metadata, engine.now() AS now
    FROM bot_actions a LEFT JOIN bot_findings f ON f.id = a.finding_id LEFT JOIN bot_knowledge k ON k.id = a.knowledge_id
    WHERE a.id = ${id}::uuid AND a.undo_requested_at IS NOT NULL AND a.state <> 'undone'
    ${locking}`.execute(trx);
  const [request] = rows;
  if (request && !(request.applied_at && inPlace.has(request.state)))
    throw new NotAppliedError(`there is nothing to undo: the action is ${request.state}`);
  return request;
}
