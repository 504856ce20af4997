import { setTimeout as sleep } from 'node:timers/promises';
import { pendingExecutions } from '../../database/execution-statuses.ts';
import { queueManualRun } from '../runs/queue.ts';
import { readRound, type Round } from './read.ts';
import type { Db } from '../../database/connect.ts';
import { authorise, type Actor } from '../actor.ts';

export type { Round, SeenFinding } from './read.ts';

const pollMs = 100;

/**
 * Runs these bots once, now, and waits until every run has ended. A worker must be alive. Resolves with what they
 * did; with null when `signal` aborts first: the runs then go on without this caller. For operators.
 */
export async function makeRound(
  { db, actor }: { db: Db; actor: Actor },
  { bots, signal }: { bots: { id: string }[]; signal?: AbortSignal },
): Promise<Round | null> {
  authorise(actor, 'run bots', 'operator');
  const ids: string[] = [];
  for (const { id } of bots) ids.push((await queueManualRun(db, id)).id);
  for (;;) {
    const open = await db
      .selectFrom('bot_executions')
      .select('id')
      .where('id', 'in', ids)
      .where('status', 'in', pendingExecutions)
      .limit(1)
      .executeTakeFirst();
    if (!open) return readRound(db, ids);
    if (signal?.aborted) return null;
    await sleep(pollMs);
  }
}
