/** What a person asked to be taken back, as it is held while that is done. */
import { sql, type RawBuilder, type Transaction } from 'kysely';
import { NotAppliedError } from '../contract/remedy.ts';
import { inPlace } from '../data/bots/bot-actions.ts';
import type { Database } from '../database/connect.ts';

/** An action that a person asked to be undone, and its finding. */
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

/**
 * As it is now, with nothing locked. Undefined when it is not asked for any more. Throws {@link NotAppliedError}.
 */
export const askRequest = (trx: Transaction<Database>, id: string): Promise<Request | undefined> =>
  readRequest(trx, id, sql``);

/** Whoever locks it first has it. Undefined when it is not asked for any more. Throws {@link NotAppliedError}. */
export async function takeRequest(
  trx: Transaction<Database>,
  id: string,
): Promise<Request | undefined> {
  // Its memory first: whoever records results holds that before the action.
  await sql`
    SELECT FROM bot_finding_states s JOIN bot_actions a ON a.fingerprint = s.fingerprint
    WHERE a.id = ${id}::uuid FOR NO KEY UPDATE OF s`.execute(trx);
  return readRequest(trx, id, sql`FOR UPDATE OF a`);
}

async function readRequest(
  trx: Transaction<Database>,
  id: string,
  locking: RawBuilder<unknown>,
): Promise<Request | undefined> {
  const { rows } = await sql<Request>`
    SELECT a.id, a.state, a.applied_at, a.fingerprint, a.component, a.evidence, a.step, k.solution, f.component_key,
           f.metadata, engine.now() AS now
    FROM bot_actions a LEFT JOIN bot_findings f ON f.id = a.finding_id LEFT JOIN bot_knowledge k ON k.id = a.knowledge_id
    WHERE a.id = ${id}::uuid AND a.undo_requested_at IS NOT NULL AND a.state <> 'undone'
    ${locking}`.execute(trx);
  const [request] = rows;
  if (request && !(request.applied_at && inPlace.has(request.state)))
    throw new NotAppliedError(`there is nothing to take back: it is ${request.state}`);
  return request;
}
