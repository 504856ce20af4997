import type { Fenced } from '../data/bots/fence.ts';
import type { Emit } from '../events/events.ts';

const renewEveryMs = 1_500;

export interface LeasedRun extends Fenced {
  stop(why: 'lost' | 'cancelled'): void;
}

/** The runs of this process whose leases are renewed. */
export interface Leases<Run extends LeasedRun> {
  add(run: Run): void;
  remove(run: Run): void;
  all(): Run[];
  stop(): void;
}

/**
 * Renews the leases of all runs again and again, until it is stopped. `renew` resolves with the runs that this worker
 * still holds. A run that is not among them was taken over and is stopped as lost; a run that a person asked to cancel
 * is stopped as cancelled.
 */
export function keepRenewing<Run extends LeasedRun>(
  renew: (runs: Run[]) => Promise<{ id: string; cancelled: boolean }[]>,
  emit: Emit,
): Leases<Run> {
  const runs = new Map<string, Run>();
  let renewing = false;

  async function renewAll(): Promise<void> {
    const renewed = [...runs.values()];
    if (renewed.length === 0) return;
    const kept = new Map((await renew(renewed)).map((row) => [row.id, row]));
    for (const run of renewed) {
      // The run may have ended while the statement was under way.
      if (runs.get(run.id) !== run) continue;
      if (!kept.has(run.id)) run.stop('lost');
      else if (kept.get(run.id)!.cancelled) run.stop('cancelled');
    }
  }

  const timer = setInterval(() => {
    if (renewing) return;
    renewing = true;
    renewAll()
      .catch((error: unknown) => emit('leases.unrenewed', { err: error }))
      .finally(() => {
        renewing = false;
      });
  }, renewEveryMs);
  timer.unref();

  return {
    add(run) {
      // This process was stopped for longer than a lease, another one took the run over, and its next attempt begins here again.
      runs.get(run.id)?.stop('lost');
      runs.set(run.id, run);
    },
    remove: (run) => void (runs.get(run.id) === run && runs.delete(run.id)),
    all: () => [...runs.values()],
    stop: () => clearInterval(timer),
  };
}
