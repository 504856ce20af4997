/** The work that every process repeats. */
import type { Db } from '../src/data/connect.ts';
import type { Log } from '../src/log.ts';
import { heartbeat, type Node } from '../src/maintain/heartbeat.ts';
import { rescuer } from '../src/maintain/rescue.ts';
import type { RunQueue } from '../src/queue/run-queue.ts';

interface Recurring {
  name: string;
  everyMs: number;
  run(): Promise<void>;
}

/** A host whose clock is further off than this gets a warning. */
const skewWarningMs = 2_000;

/**
 * Starts rescue and heartbeat. A job that fails is logged and comes again; a job never runs beside
 * itself. `stop` waits for what is under way.
 */
export function startRecurring(db: Db, queue: RunQueue, node: Node, log: Log) {
  const rescue = rescuer(db, queue);
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
      name: 'heartbeat',
      everyMs: 5_000,
      async run() {
        const { skewMs } = await heartbeat(db, node);
        if (Math.abs(skewMs) > skewWarningMs) log.warn({ skewMs }, "this host's clock is off");
      },
    },
  ];
  const stops = jobs.map((job) => repeat(job, log));
  return {
    async stop() {
      await Promise.all(stops.map((stop) => stop()));
    },
  };
}

function repeat({ name, everyMs, run }: Recurring, log: Log): () => Promise<void> {
  let current: Promise<void> | null = null;
  const timer = setInterval(() => {
    current ??= run()
      .catch((error: unknown) => log.error({ err: error }, `${name} failed`))
      .finally(() => {
        current = null;
      });
  }, everyMs);
  return async () => {
    clearInterval(timer);
    await current;
  };
}
