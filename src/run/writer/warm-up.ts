import type pg from 'pg';
import { escalateRuns } from './escalate.ts';
import { finishRuns } from '../../transitions/runs/finish.ts';
import { queueNextRuns } from '../../transitions/runs/queue-next.ts';
import { recordRuns } from './record.ts';
import { startRuns } from '../../transitions/runs/start.ts';
import { lockRuns } from './flush.ts';
import { send, type Statement } from '../../batch/statement.ts';

const none = '[]';

/** The statements of every flush and every start, for an empty list of runs: they write nothing. */
const statements: [Statement<unknown>, unknown[]][] = [
  [startRuns, [[], [], '']],
  [lockRuns, [none]],
  [recordRuns, [none, none]],
  [escalateRuns, [none]],
  [finishRuns, [none]],
  [queueNextRuns, [[]]],
];

/** Sends these statements on this connection. Rejects with the first error once all are answered. */
export async function sendEmpty(client: pg.ClientBase): Promise<void> {
  const answers = statements.map(([statement, values]) => send(client, statement, values));
  await Promise.allSettled(answers);
  await Promise.all(answers);
}

/**
 * Opens this many connections and has the server plan the statements, so that the first runs do not wait for that. Rejects with
 * the error when a connection cannot be opened.
 */
export async function warmUp(connections: pg.Pool, count: number): Promise<void> {
  const warm = async () => {
    const client = await connections.connect();
    try {
      await sendEmpty(client);
    } finally {
      client.release();
    }
  };
  await Promise.all(Array.from({ length: count }, warm));
}
