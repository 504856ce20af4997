import type { Emit } from '../events/events.ts';

/** Emits an event for each worker whose runs were taken over or ended, once. */
export function emitLost(emit: Emit, lost: { worker: string }[]): void {
  for (const [worker, runs] of Map.groupBy(lost, (each) => each.worker))
    emit('worker.lost', { worker, runs: runs.length });
}
