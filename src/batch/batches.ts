/** A small write that waits for a flush, in which many writes share one commit. */
export interface WaitingItem {
  /** two items with the same key are never flushed at the same time; null: it may be flushed beside any other */
  key: string | null;
  /** how much of a flush's weight limit the item uses */
  weight: number;
  /** the item is flushed alone, because a flush with it has failed and it may be the reason */
  alone: boolean;
  /** when the item began to wait, by performance.now() */
  since: number;
}

/**
 * When items have waited this long, a second flush begins beside the running one, so that a delayed flush does not delay
 * them. Before that they wait for the running flush to end: one flush costs almost the same for one run as for twenty.
 */
const batchDelayMs = 10;

export interface Batches<Item extends WaitingItem> {
  add(...items: Item[]): void;
  /** Resolves when nothing waits and no flush is under way. */
  idle(): Promise<void>;
}

/**
 * Group commit. While no flush is under way, one begins at once. Items that arrive meanwhile go together into the next
 * flush, or after a moment into one beside it. At most `flushesAtOnce` run at once, each with items whose weights add up to at
 * most `maxWeight`. `flush` never rejects; the items that it returns are flushed again: before items that came later, or after
 * them where an item has to be flushed alone.
 */
export function openBatches<Item extends WaitingItem>(
  flushesAtOnce: number,
  maxWeight: number,
  flush: (batch: Item[]) => Promise<Item[]>,
): Batches<Item> {
  let waiting: Item[] = [];
  let busy = 0;
  let due = false;
  let timer: NodeJS.Timeout | undefined;
  const keys = new Set<string>();
  let idleWaiters: (() => void)[] = [];

  const isFree = ({ key }: Item): boolean => key === null || !keys.has(key);

  /** Takes items in the order in which they came; an item whose key is already in a flush is left for later. */
  function take(): Item[] {
    const batch: Item[] = [];
    const notTaken: Item[] = [];
    let weight = 0;
    for (const item of waiting) {
      const fits =
        isFree(item) &&
        (batch.length === 0 ||
          (!item.alone && !batch[0]!.alone && weight + item.weight <= maxWeight));
      if (!fits) {
        notTaken.push(item);
        continue;
      }
      batch.push(item);
      weight += item.weight;
      if (item.key !== null) keys.add(item.key);
    }
    waiting = notTaken;
    return batch;
  }

  async function flushBatch(batch: Item[]): Promise<void> {
    const retried = await flush(batch);
    for (const { key } of batch) if (key !== null) keys.delete(key);
    waiting.unshift(...retried.filter(({ alone }) => !alone));
    // An item that may be the cause of a failure must not delay the others.
    waiting.push(...retried.filter(({ alone }) => alone));
    busy -= 1;
    beginFlushes();
  }

  function beginFlushes(): void {
    due = false;
    clearTimeout(timer);
    while (busy < flushesAtOnce && waiting.length > 0) {
      const next = waiting.find(isFree);
      if (!next) break;
      const delayMs = next.since + batchDelayMs - performance.now();
      if (busy > 0 && delayMs > 0) {
        timer = setTimeout(beginFlushes, delayMs);
        break;
      }
      const batch = take();
      busy += 1;
      void flushBatch(batch);
    }
    if (busy > 0 || waiting.length > 0) return;
    for (const resolve of idleWaiters) resolve();
    idleWaiters = [];
  }

  return {
    add(...items) {
      waiting.push(...items);
      // Items that arrive in the same turn of the event loop go together.
      if (!due && busy < flushesAtOnce) {
        due = true;
        setImmediate(beginFlushes);
      }
    },
    idle: () =>
      busy === 0 && waiting.length === 0
        ? Promise.resolve()
        : new Promise((resolve) => idleWaiters.push(resolve)),
  };
}
