/** The work that every process repeats. */
import type { Catalogue } from '../src/catalogue/catalogue.ts';
import type { Db } from '../src/database/connect.ts';
import { lastingFailure, remindMs } from '../src/ground/lasting-failure.ts';
import type { Log } from '../src/log.ts';
import { inWords, isWrong } from '../src/maintain/clock.ts';
import { heartbeat, type Node } from '../src/maintain/heartbeat.ts';
import { rescuer } from '../src/maintain/rescue.ts';
import { settle } from '../src/maintain/settle.ts';
import { watchdog } from '../src/maintain/watchdog.ts';
import type { RunQueue, RunWorker } from '../src/queue/run-queue.ts';
import { escalateLost } from '../src/run/writer/escalate.ts';

interface Recurring {
  name: string;
  everyMs: number;
  run(): Promise<void>;
}

/**
 * Starts rescue, settling and heartbeat, and the watchdog where there is a worker. A job that fails is logged and
 * comes again; a job never runs beside itself. `stop` waits for what is under way.
 */
export function startRecurring(
  { db, queue, catalogue }: { db: Db; queue: RunQueue; catalogue: Catalogue },
  node: Node,
  log: Log,
  worker: RunWorker | null = null,
) {
  const rescue = rescuer(db, queue, escalateLost, log);
  const jobs: Recurring[] = [
    {
      name: 'rescue',
      everyMs: 1_000,
      async run() {
        const rescued = await rescue();
        if (rescued.queued + rescued.takenOver + rescued.ended > 0) log.warn(rescued, 'rescued');
      },
    },
    {
      name: 'settle',
      everyMs: 2_000,
      async run() {
        const { judged } = await settle(db, catalogue);
        if (judged > 0) log.info({ judged }, 'how freely knowledge may act has changed');
      },
    },
    { name: 'heartbeat', everyMs: 5_000, run: clockWatch(db, queue, node, log, worker) },
  ];
  if (worker) {
    const watch = watchdog(db, queue, worker);
    jobs.push({
      name: 'watchdog',
      everyMs: 1_000,
      async run() {
        if (await watch()) log.warn('the worker had stopped taking runs; another took its place');
      },
    });
  }
  const stops = jobs.map((job) => repeat(job, log));
  return {
    async stop() {
      await Promise.all(stops.map((stop) => stop()));
    },
  };
}

/**
 * Beats, and says when this host's clock is wrong. On PostgreSQL, where BullMQ goes by it, the worker takes
 * nothing until it is right again.
 */
function clockWatch(db: Db, { backend }: RunQueue, node: Node, log: Log, worker: RunWorker | null) {
  let wrong = false;
  let saidAt = 0;
  return async () => {
    const skew = await heartbeat(db, node);
    const was = wrong;
    wrong = isWrong(skew);
    const holds = worker !== null && backend === 'postgres';
    if (wrong && holds) worker.hold();
    if (wrong && (!was || performance.now() - saidAt > remindMs)) {
      saidAt = performance.now();
      const so = holds ? ': it takes no runs until that is right' : '';
      log.warn({ skewMs: skew.skewMs }, `this host's clock is ${inWords(skew)}${so}`);
    }
    if (!wrong && holds) worker.resume();
    if (!wrong && was) log.info({ skewMs: skew.skewMs }, "this host's clock is right again");
  };
}

function repeat({ name, everyMs, run }: Recurring, log: Log): () => Promise<void> {
  let current: Promise<void> | null = null;
  const { failed, succeeded } = lastingFailure(
    (error, times) => log.error({ err: error, times }, `${name} failed`),
    (times) => log.info({ times }, `${name} works again`),
  );
  const timer = setInterval(() => {
    current ??= run()
      .then(succeeded, failed)
      .finally(() => {
        current = null;
      });
  }, everyMs);
  return async () => {
    clearInterval(timer);
    await current;
  };
}
