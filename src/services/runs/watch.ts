import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecutionRow } from '../../data/bots/bot-executions.ts';
import type { Db } from '../../database/connect.ts';

export type { ExecutionRow } from '../../data/bots/bot-executions.ts';

const pollMs = 250;

/** Resolves with the run's row when it has ended; with null if the signal aborts first. */
export async function untilEnded(
  db: Db,
  { run: id, signal }: { run: string; signal: AbortSignal },
): Promise<ExecutionRow | null> {
  while (!signal.aborted) {
    const run = await db
      .selectFrom('bot_executions')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirstOrThrow();
    if (run.completed_at) return run;
    await sleep(pollMs, undefined, { signal }).catch(() => {});
  }
  return null;
}
