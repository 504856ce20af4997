import type { Emit } from '../events/events.ts';

/** Emits one event for each worker that lost runs, because they were taken over or ended. */
export function emitLost(emit: Emit, lost: { worker: string }[]): void {
  for (const [worker, runs] of Map.groupBy(lost, (each) => each.worker))
    emit('worker.lost', { worker, runs: runs.length });
}
