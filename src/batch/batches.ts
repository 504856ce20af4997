/** A small write that waits for a flush: many of them share one commit. */
export interface Waiting {
  /** at any time at most one job with this key is being flushed; null when that does not matter */
  key: string | null;
  /** how much of a flush's weight limit it uses */
  weight: number;
  /** it is flushed alone, because a flush with it has failed and it may be the reason */
  alone: boolean;
  /** when it began to wait, by performance.now() */
  since: number;
}

/**
 * When jobs have waited this long, a second flush begins beside the running one, so that a delayed flush does not delay
 * them. Before that they wait for the running flush to end: one flush costs almost the same for one run as for twenty.
 */
const batchDelayMs = 10;

export interface Batches<Job extends Waiting> {
  add(...jobs: Job[]): void;
  /** Resolves when nothing waits and no flush is under way. */
  idle(): Promise<void>;
}

/**
 * Group commit. While no flush is under way, one begins at once. Jobs that arrive meanwhile go together into the next
 * flush, or after a moment into one beside it. At most `flushesAtOnce` run at once, each with jobs of at most `most`
 * weight together. `flush` never rejects; the jobs that it returns are flushed again, before those that came later
 * unless they have to go alone.
 */
export function openBatches<Job extends Waiting>(
  flushesAtOnce: number,
  most: number,
  flush: (batch: Job[]) => Promise<Job[]>,
): Batches<Job> {
  let waiting: Job[] = [];
  let busy = 0;
  let due = false;
  let timer: NodeJS.Timeout | undefined;
  const keys = new Set<string>();
  let heard: (() => void)[] = [];

  const isFree = ({ key }: Job): boolean => key === null || !keys.has(key);

  /** Takes jobs in the order in which they came; a job whose key is already in a flush is passed over. */
  function take(): Job[] {
    const batch: Job[] = [];
    const left: Job[] = [];
    let weight = 0;
    for (const job of waiting) {
      const fits =
        isFree(job) &&
        (batch.length === 0 || (!job.alone && !batch[0]!.alone && weight + job.weight <= most));
      if (!fits) {
        left.push(job);
        continue;
      }
      batch.push(job);
      weight += job.weight;
      if (job.key !== null) keys.add(job.key);
    }
    waiting = left;
    return batch;
  }

  async function carry(batch: Job[]): Promise<void> {
    const again = await flush(batch);
    for (const { key } of batch) if (key !== null) keys.delete(key);
    waiting.unshift(...again.filter(({ alone }) => !alone));
    // A job that may be the cause of a failure must not delay the others.
    waiting.push(...again.filter(({ alone }) => alone));
    busy -= 1;
    pump();
  }

  function pump(): void {
    due = false;
    clearTimeout(timer);
    while (busy < flushesAtOnce && waiting.length > 0) {
      const next = waiting.find(isFree);
      if (!next) break;
      const left = next.since + batchDelayMs - performance.now();
      if (busy > 0 && left > 0) {
        timer = setTimeout(pump, left);
        break;
      }
      const batch = take();
      busy += 1;
      void carry(batch);
    }
    if (busy > 0 || waiting.length > 0) return;
    for (const hear of heard) hear();
    heard = [];
  }

  return {
    add(...jobs) {
      waiting.push(...jobs);
      // Jobs that arrive in the same turn of the event loop go together.
      if (!due && busy < flushesAtOnce) {
        due = true;
        setImmediate(pump);
      }
    },
    idle: () =>
      busy === 0 && waiting.length === 0
        ? Promise.resolve()
        : new Promise((resolve) => heard.push(resolve)),
  };
}
