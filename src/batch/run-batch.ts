import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { BatchFault } from '../database/faults/sql-states.ts';
import type { Emit } from '../events/events.ts';
import { faultOf, maxTries, pauseMs } from './fault.ts';
import type { WaitingItem } from './batches.ts';

/** An item that is resolved or rejected when its flush has ended. */
export interface Item extends WaitingItem {
  /** how often it has failed in a row */
  tries: number;
  /** a connection was lost while it was being flushed: it may have been committed */
  mayBeCommitted: boolean;
  reject(error: unknown): void;
}

/** Adds an item with these fields. The promise resolves or rejects as the item's flush does, when that has ended. */
export const addItem = <Result, Kind extends Item>(
  batches: { add(item: Kind): void },
  fields: Pick<Item, 'key' | 'weight'> & Omit<Kind, keyof Item | 'resolve'>,
): Promise<Result> =>
  new Promise((resolve, reject) => {
    const fresh = { alone: false, since: performance.now(), tries: 0, mayBeCommitted: false };
    batches.add({ ...fresh, ...fields, resolve, reject } as unknown as Kind);
  });

/**
 * Returns the function that sends a batch on a connection of the pool and returns the items that must be flushed again; it never
 * rejects. The items of a batch that the server refuses are flushed again one by one, so that one bad item does not stop the
 * others; only an item that was flushed alone is rejected for its own content.
 */
export const batchRunner =
  <Kind extends Item>(
    connections: pg.Pool,
    emit: Emit,
    work: (client: pg.ClientBase, batch: Kind[]) => Promise<void>,
  ) =>
  async (batch: Kind[]): Promise<Kind[]> => {
    let client: pg.PoolClient | undefined;
    try {
      client = await connections.connect();
      await work(client, batch);
      client.release();
      return [];
    } catch (error) {
      // When no connection could be opened, no item of the batch is to blame, whatever the server said.
      const fault = client ? faultOf(error) : 'disconnected';
      if (fault === 'disconnected' && client) for (const item of batch) item.mayBeCommitted = true;
      // An unfinished transaction ends with its connection.
      client?.release(true);
      return retry(batch, error, fault, emit);
    }
  };

async function retry<Kind extends Item>(
  batch: Kind[],
  error: unknown,
  fault: BatchFault,
  emit: Emit,
): Promise<Kind[]> {
  emit('flush.failed', { err: error, runs: batch.length, fault });
  const many = batch.length > 1;
  if (many && (fault === 'refused' || fault === 'waited')) {
    for (const item of batch) Object.assign(item, { alone: true, tries: 0 });
    return batch;
  }
  const retried: Kind[] = [];
  for (const item of batch) {
    item.tries += 1;
    if (item.tries <= maxTries[fault]) retried.push(item);
    else item.reject(error);
  }
  if (retried[0]) await sleep(pauseMs(fault, retried[0].tries));
  return retried;
}
