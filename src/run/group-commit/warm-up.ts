import type pg from 'pg';
import { escalateRuns } from '../escalate.ts';
import { finishRuns } from '../finish.ts';
import { queueNextRuns } from '../queue-next.ts';
import { recordRuns } from '../record.ts';
import { startRuns } from '../start.ts';
import { hold } from './hold.ts';
import { planAnew } from './plan-anew.ts';

const none = '[]';

/** What every flush and every start asks, about no runs at all: nothing is written. */
const statements = [
  { ...startRuns, values: [[], [], ''] },
  { ...hold, values: [none] },
  { ...recordRuns, values: [none, none] },
  { ...escalateRuns, values: [none] },
  { ...finishRuns, values: [none] },
  { ...queueNextRuns, values: [[]] },
];

/**
 * Opens so many connections and has their plans made: all that comes due at once would wait for that. Rejects with
 * what kept one of them from it.
 */
export async function warmUp(connections: pg.Pool, count: number): Promise<void> {
  const warm = async () => {
    const client = await connections.connect();
    try {
      planAnew(client);
      await Promise.all(
        statements.map(({ name, text, values }) => client.query({ name, text, values })),
      );
    } finally {
      client.release();
    }
  };
  const all = await Promise.allSettled(Array.from({ length: count }, warm));
  const failed = all.find(({ status }) => status === 'rejected');
  if (failed) throw (failed as PromiseRejectedResult).reason;
}
