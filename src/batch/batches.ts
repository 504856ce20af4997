/** A small piece of writing that waits for a flush: many of them share one commit. */
export interface Waiting {
  /** at most one with this key is in a flush, and in one flush at a time; null where that does not matter */
  key: string | null;
  /** how much of a flush's bound it takes up */
  weight: number;
  /** it goes without others: a flush with it has failed, and it may be why */
  alone: boolean;
  /** since when it waits, by performance.now() */
  since: number;
}

/**
 * What waits so long for a flush gets a further one, for a flush that is held up must not hold up the others. Until
 * then it goes with the next flush: most of what a flush costs is the same for one run as for twenty.
 */
const batchDelayMs = 10;

export interface Batches<Job extends Waiting> {
  add(...jobs: Job[]): void;
  /** Resolves when nothing waits and nothing is under way. */
  idle(): Promise<void>;
}

/**
 * Group commit: while no flush is under way one begins at once, and jobs that arrive meanwhile go together into the
 * next flush, or after a moment into one beside it: `flushesAtOnce` at most, each with jobs of at most `most` weight
 * together. `flush` never rejects; the jobs that it returns go again, before those that came later unless they go alone.
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

  /** In the order in which they came; those whose key is taken are passed over. */
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
    // One that may be bad must not be in the way of the others.
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
      // What arrives in the same turn of the event loop goes together.
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
