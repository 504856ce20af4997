import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Job } from '../contract/job.ts';
import type { Db } from '../database/connect.ts';
import { lastingFailure } from '../ground/lasting-failure.ts';
import type { Log } from '../log.ts';
import type { RunEntry, RunQueue } from '../queue/run-queue.ts';
import { BatchSize } from './batch-size.ts';
import { claimDue } from './claim.ts';
import { planBots, type Planned } from './plan.ts';
import { canarySender } from './send-canaries.ts';
import { jobClaimer } from './queue-jobs.ts';
import { ExpectedSlots } from './slot-times.ts';
import { startTicker } from './ticker.ts';

export interface Scheduler {
  /** Resolves when the tick that is under way has ended. */
  stop(): Promise<void>;
}

/**
 * Every second: plan what was edited, claim what is due, queue it. A tick that fails is logged and the
 * next one tries again: nothing is remembered here that the rows do not say. Canaries are sent as soon as a
 * claim has succeeded, and `jobs` are claimed beside the bots. Any number of schedulers may run on one database; `name` is this one's node.
 */
export function startScheduler(
  db: Db,
  catalogue: Catalogue,
  queue: RunQueue,
  log: Log,
  name = 'scheduler',
  jobs: readonly Job[] = [],
): Scheduler {
  const canaries = canarySender(db, queue, name, log);
  const claimer = jobClaimer(db, queue, jobs, log);
  const expected = new ExpectedSlots();
  const size = new BatchSize();
  let current: Promise<void> = Promise.resolve();
  let busy = false;

  async function tick(): Promise<void> {
    const { refused, failed } = await planBots(db, catalogue);
    for (const bot of refused) log.warn(bot, 'bot cannot run as it is defined');
    if (failed[0]) planning.failed(failed);
    else planning.succeeded();
    const enqueue = (entries: RunEntry[]) => {
      // Not awaited: a queue that does not answer must not hold the claims up any longer than it does.
      canaries.send();
      return queue.add(entries);
    };
    const claimed = await claimDue(db, expected, enqueue, size);
    for (const schedules of claimed.refused) log.warn(schedules, 'schedule cannot be read');
    if (claimed.unclaimed > 0)
      log.error({ schedules: claimed.unclaimed }, 'due bots stay unclaimed');
    if (claimed.queued.length > 0 || claimed.skipped > 0)
      log.info({ queued: claimed.queued.length, skipped: claimed.skipped }, 'claimed');
  }

  const { failed, succeeded } = lastingFailure(
    (error, times) => log.error({ err: error, times }, 'tick failed'),
    (times) => log.info({ times }, 'ticks work again'),
  );
  // No state of these bots: their definitions are not to blame.
  const planning = lastingFailure(
    (bots, times) => {
      const [first, ...others] = bots as Planned['failed'];
      log.error(
        { err: first!.error, name: first!.name, others: others.length, times },
        'bots could not be planned by an error of this process; they are tried again',
      );
    },
    (times) => log.info({ times }, 'all bots can be planned again'),
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
  const ticker = startTicker(
    begin,
    () => log.warn('no tick came: the clock of this host was set back, or it stood still'),
    log,
  );

  return {
    async stop() {
      await ticker.stop();
      await current;
      await Promise.all([canaries.idle(), claimer.idle()]);
    },
  };
}
