import type { ExecutionRow } from '../../data/bots/bot-executions.ts';
import type { Db } from '../../database/connect.ts';
import { authorise, type Actor } from '../actor.ts';
import { cancelRun as cancel } from '../../transitions/runs/cancel.ts';
import { runIdOf } from '../references/by-id.ts';

export interface Cancelled {
  run: ExecutionRow;
  /** the name of its bot */
  bot: string;
  /** the time of an earlier request to stop; null when there was none */
  askedBefore: Date | null;
}

/**
 * Ends a queued run, or asks a running one to stop. For operators. Throws NotFoundError, AmbiguousIdError, and an
 * error when the run has ended.
 */
export async function cancelRun(
  { db, actor }: { db: Db; actor: Actor },
  { run: given, reason }: { run: string; reason: string | null },
): Promise<Cancelled> {
  authorise(actor, 'cancel runs', 'operator');
  const id = await runIdOf(db, given);
  const { name, asked } = await db
    .selectFrom('bot_executions')
    .innerJoin('bots', 'bots.id', 'bot_executions.bot_id')
    .leftJoin('engine.cancellations as request', 'request.execution_id', 'bot_executions.id')
    .select('bots.name')
    .select((eb) => eb.fn.coalesce('cancel_requested_at', 'request.requested_at').as('asked'))
    .where('bot_executions.id', '=', id)
    .executeTakeFirstOrThrow();
  const run = (await cancel(db, id, reason))!;
  return { run, bot: name, askedBefore: asked };
}
