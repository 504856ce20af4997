import type pg from 'pg';
import { recordCanary } from '../../data/progress/canaries.ts';
import { send, statement } from '../../batch/statement.ts';
import { sendEmpty } from './warm-up.ts';

const record = statement('record-canary', recordCanary);

/**
 * One transaction with every statement that starts, records and ends runs, for an empty list of runs, and with the
 * canary's own row: it can commit where a flush can. Rejects with the server's first error; then nothing was written.
 */
export async function writeCanary(client: pg.ClientBase, id: string): Promise<void> {
  await client.query('BEGIN');
  await sendEmpty(client);
  await send(client, record, [id]);
  await client.query('COMMIT');
}
