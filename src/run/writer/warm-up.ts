import type pg from 'pg';
import { escalateRuns } from './escalate.ts';
import { finishRuns } from '../../transitions/runs/finish.ts';
import { queueNextRuns } from '../../transitions/runs/queue-next.ts';
import { recordRuns } from './record.ts';
import { startRuns } from '../../transitions/runs/start.ts';
import { lockRuns } from './flush.ts';
import { send, type Statement } from '../../batch/statement.ts';

const none = '[]';

/** What every flush and every start asks, about no runs at all: nothing is written. */
const statements: [Statement<unknown>, unknown[]][] = [
  [startRuns, [[], [], '']],
  [lockRuns, [none]],
  [recordRuns, [none, none]],
  [escalateRuns, [none]],
  [finishRuns, [none]],
  [queueNextRuns, [[]]],
];

/** Asks all of them on this connection. Rejects with the first error once all are answered. */
export async function askNothing(client: pg.ClientBase): Promise<void> {
  const asked = statements.map(([statement, values]) => send(client, statement, values));
  await Promise.allSettled(asked);
  await Promise.all(asked);
}

/**
 * Opens so many connections and has their plans made: all that comes due at once would wait for that. Rejects with
 * what kept one of them from it.
 */
export async function warmUp(connections: pg.Pool, count: number): Promise<void> {
  const warm = async () => {
    const client = await connections.connect();
    try {
      await askNothing(client);
    } finally {
      client.release();
    }
  };
  await Promise.all(Array.from({ length: count }, warm));
}
