/** A small write that waits for a flush: many of them share one commit. */
export interface Waiting {
  /** at any time at most one item with this key is being flushed; null when that does not matter */
  key: string | null;
  /** how much of a flush's weight limit it uses */
  weight: number;
  /** it is flushed alone, because a flush with it has failed and it may be the reason */
  alone: boolean;
  /** when it began to wait, by performance.now() */
  since: number;
}

/**
 * When items have waited this long, a second flush begins beside the running one, so that a delayed flush does not delay
 * them. Before that they wait for the running flush to end: one flush costs almost the same for one run as for twenty.
 */
const batchDelayMs = 10;

export interface Batches<Item extends Waiting> {
  add(...items: Item[]): void;
  /** Resolves when nothing waits and no flush is under way. */
  idle(): Promise<void>;
}

/**
 * Group commit. While no flush is under way, one begins at once. Items that arrive meanwhile go together into the next
 * flush, or after a moment into one beside it. At most `flushesAtOnce` run at once, each with items of at most `most`
 * weight together. `flush` never rejects; the items that it returns are flushed again, before those that came later
 * unless they have to go alone.
 */
export function openBatches<Item extends Waiting>(
  flushesAtOnce: number,
  most: number,
  flush: (batch: Item[]) => Promise<Item[]>,
): Batches<Item> {
  let waiting: Item[] = [];
  let busy = 0;
  let due = false;
  let timer: NodeJS.Timeout | undefined;
  const keys = new Set<string>();
  let heard: (() => void)[] = [];

  const isFree = ({ key }: Item): boolean => key === null || !keys.has(key);

  /** Takes items in the order in which they came; an item whose key is already in a flush is left for later. */
  function take(): Item[] {
    const batch: Item[] = [];
    const left: Item[] = [];
    let weight = 0;
    for (const item of waiting) {
      const fits =
        isFree(item) &&
        (batch.length === 0 || (!item.alone && !batch[0]!.alone && weight + item.weight <= most));
      if (!fits) {
        left.push(item);
        continue;
      }
      batch.push(item);
      weight += item.weight;
      if (item.key !== null) keys.add(item.key);
    }
    waiting = left;
    return batch;
  }

  async function carry(batch: Item[]): Promise<void> {
    const again = await flush(batch);
    for (const { key } of batch) if (key !== null) keys.delete(key);
    waiting.unshift(...again.filter(({ alone }) => !alone));
    // An item that may be the cause of a failure must not delay the others.
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
    add(...items) {
      waiting.push(...items);
      // Items that arrive in the same turn of the event loop go together.
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
