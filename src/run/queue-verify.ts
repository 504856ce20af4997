import { underFence } from '../data/bots/fence.ts';
import { queueVerifyRun } from '../transitions/runs/queue-verify.ts';
import type { Engine } from './engine.ts';
import type { Run } from './writer/run.ts';

/**
 * Queues the run that judges the steps that were applied to this fingerprint, or asks their check again. The run is due when
 * the steps can be judged.
 */
export async function queueVerify(
  { db, queue, emit }: Engine,
  run: Run,
  fingerprint: string,
): Promise<void> {
  const entries = await underFence(db, run, (trx) => queueVerifyRun(trx, run.bot.id, fingerprint));
  if (entries.length === 0) return;
  await queue
    .add(entries)
    .catch((error: unknown) => emit('verification.unqueued', { err: error, run: run.id }));
}
