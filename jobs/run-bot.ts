import type { RunEntry } from '../src/queue/run-queue.ts';
import { performRun } from '../src/run/perform.ts';
import type { Engine } from '../src/run/engine.ts';

/**
 * The queue's job for a run: its payload is a run's id and generation, and the row says the rest. `free` is
 * called when what remains of it is to write.
 */
export async function runBot(
  engine: Engine,
  { id, generation }: RunEntry,
  free: () => void,
): Promise<void> {
  if (typeof id !== 'string' || !Number.isInteger(generation)) {
    engine.log.error({ id, generation }, 'an entry of the queue is not ours');
    return;
  }
  await performRun(engine, { id, generation }, free);
}
