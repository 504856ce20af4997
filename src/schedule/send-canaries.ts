import { claimCanaries, noteCanaryFailed, noteCanaryQueued } from '../data/progress/canaries.ts';
import type { Db } from '../database/connect.ts';
import { messageOf } from '../ground/errors.ts';
import type { Emit } from '../events/events.ts';
import type { RunQueue } from '../queue/run-queue.ts';
import { fitting } from '../ground/text.ts';

/** A failure that lasts is logged again after this long. */
const remindMs = 60_000;

/**
 * Claims the canaries that were requested and queues them. `send` returns at once, never throws, and does nothing while
 * the previous call is under way; `idle` resolves when that one has ended.
 */
export function canarySender(
  db: Db,
  queue: RunQueue,
  scheduler: string,
  emit: Emit,
): { send(): void; idle(): Promise<void> } {
  let current: Promise<void> | null = null;
  let failedAt = -Infinity;

  function noteFailure(error: unknown): void {
    if (performance.now() - failedAt < remindMs) return;
    failedAt = performance.now();
    emit('canary.unsent', { err: error });
  }

  async function sendAll(): Promise<void> {
    const { claimed, stale } = await claimCanaries(db, scheduler);
    await Promise.all(claimed.map((id) => enqueue(id)));
    // When a worker holds the entry, the entry soon disappears by itself.
    for (const id of stale) await queue.removeCanary(id).catch(noteFailure);
  }

  async function enqueue(id: string): Promise<void> {
    try {
      await queue.addCanary(id);
      await noteCanaryQueued(db, id);
    } catch (error) {
      noteFailure(error);
      await noteCanaryFailed(db, id, fitting(messageOf(error), 500));
    }
  }

  return {
    send() {
      current ??= sendAll()
        .catch(noteFailure)
        .finally(() => {
          current = null;
        });
    },
    idle: () => current ?? Promise.resolve(),
  };
}
