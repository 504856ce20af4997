import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Job } from '../contract/job.ts';
import type { Db } from '../database/connect.ts';
import { lastingFailure } from '../ground/lasting-failure.ts';
import type { Emit } from '../events/events.ts';
import type { RunEntry, RunQueue } from '../queue/run-queue.ts';
import { BatchSize } from './batch-size.ts';
import { claimDue } from './claim.ts';
import { planBots, type Planned } from './plan.ts';
import { queueEventRuns } from '../transitions/runs/queue-event.ts';
import { planMaintenance } from './plan-maintenance.ts';
import { canarySender } from './send-canaries.ts';
import { jobClaimer } from './queue-jobs.ts';
import { ExpectedSlots } from './slot-times.ts';
import { startTicker } from './ticker.ts';

export interface Scheduler {
  /** Resolves when the current tick has ended. */
  stop(): Promise<void>;
}

/**
 * Every second: plans maintenance windows and edited bots, claims slots that are due, and queues their runs. A tick that fails is
 * logged, and the next one tries again: all state is in the database. Canaries are sent as soon as a claim has succeeded, and
 * slots of `jobs` are claimed at the same time as those of bots. Any number of schedulers may run on one database; `name` is
 * the name of this one's node.
 */
export function startScheduler(
  db: Db,
  catalogue: Catalogue,
  queue: RunQueue,
  emit: Emit,
  name = 'scheduler',
  jobs: readonly Job[] = [],
): Scheduler {
  const canaries = canarySender(db, queue, name, emit);
  const claimer = jobClaimer(db, queue, jobs, emit);
  const expected = new ExpectedSlots();
  const size = new BatchSize();
  let current: Promise<void> = Promise.resolve();
  let busy = false;

  async function tick(): Promise<void> {
    const unreadable = await planMaintenance(db);
    if (unreadable[0]) maintenance.failed(unreadable);
    else maintenance.succeeded();
    const { refused, failed } = await planBots(db, catalogue);
    for (const bot of refused) emit('bot.in_error', bot);
    if (failed[0]) planning.failed(failed);
    else planning.succeeded();
    const enqueue = (entries: RunEntry[]) => {
      // Not awaited, so that a queue that does not answer does not delay the claims further.
      canaries.send();
      return queue.add(entries);
    };
    const arrived = await queueEventRuns(db);
    for (const { id, generation } of arrived) emit('run.claimed', { run: id, generation });
    if (arrived.length > 0) await enqueue(arrived);
    const claimed = await claimDue(db, expected, enqueue, size);
    for (const schedules of claimed.refused) emit('schedule.unreadable', schedules);
    if (claimed.unclaimed > 0) emit('slots.unclaimed', { schedules: claimed.unclaimed });
    for (const { id, generation } of claimed.queued) emit('run.claimed', { run: id, generation });
    if (claimed.queued.length > 0 || claimed.skipped > 0)
      emit('slots.claimed', { queued: claimed.queued.length, skipped: claimed.skipped });
  }

  const { failed, succeeded } = lastingFailure(
    (error, times) => emit('tick.failed', { err: error, times }),
    (times) => emit('tick.works_again', { times }),
  );
  // Such an error is not stored as a status of these bots, because it says nothing about their definitions.
  const planning = lastingFailure(
    (bots, times) => {
      const [first, ...others] = bots as Planned['failed'];
      emit('bots.unplanned', {
        err: first!.error,
        name: first!.name,
        others: others.length,
        times,
      });
    },
    (times) => emit('bots.planned_again', { times }),
  );
  const maintenance = lastingFailure(
    (windows, times) => {
      const [first, ...others] = windows as Awaited<ReturnType<typeof planMaintenance>>;
      emit('maintenance.unplanned', {
        window: first!.id,
        reason: first!.reason,
        others: others.length,
        times,
      });
    },
    (times) => emit('maintenance.planned_again', { times }),
  );

  function begin(): void {
    if (busy) return;
    busy = true;
    claimer.begin();
    current = tick()
      .then(succeeded, failed)
      .finally(() => {
        busy = false;
      });
  }
  const ticker = startTicker(begin, () => emit('tick.missed', {}), emit);

  return {
    async stop() {
      await ticker.stop();
      await current;
      await Promise.all([canaries.idle(), claimer.idle()]);
    },
  };
}
