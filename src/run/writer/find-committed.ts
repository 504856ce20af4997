import { sql } from 'kysely';
import type pg from 'pg';
import type { Finish } from '../../transitions/runs/finish.ts';
import type { Finished } from './finish.ts';
import { send, statement } from '../../batch/statement.ts';

interface EndedRow {
  id: string;
  fence: string;
  status: string;
  reason: string | null;
  error_message: string | null;
  execution_time_ms: number | null;
  issues_found: number;
  generation: number;
  priority: number;
  wait_ms: number | null;
}

const readEnded = statement<EndedRow>(
  'ended',
  sql`
  SELECT e.id, e.fence, e.status, e.reason, e.error_message, e.execution_time_ms, e.issues_found, e.generation, b.priority,
         ceil(extract(epoch FROM e.run_after - engine.now()) * 1000)::int AS wait_ms
  FROM bot_executions e JOIN bots b ON b.id = e.bot_id WHERE e.id = ANY ($1::uuid[])`,
);

/**
 * After a connection was lost, finds the runs that this worker's own flush has ended, because it had committed all the same.
 * Their rows still have the fence, and have the values that this worker wanted to write. A run that was taken over or given
 * back has another reason or message.
 */
export async function findCommitted(
  client: pg.ClientBase,
  finishes: Finish[],
): Promise<Map<string, Finished>> {
  const rows = await send(client, readEnded, [finishes.map(({ id }) => id)]);
  const byId = new Map(rows.map((row) => [row.id, row]));
  return new Map(
    finishes.flatMap((finish) => {
      const row = byId.get(finish.id);
      return row && isOurs(finish, row) ? [[finish.id, finishedOf(finish, row)] as const] : [];
    }),
  );
}

function isOurs(finish: Finish, row: EndedRow): boolean {
  if (row.fence !== finish.fence || row.error_message !== finish.error_message) return false;
  if (row.status === 'queued') return !finish.last && row.reason === finish.reason;
  // A row that was given back has no execution time; a running row has not ended.
  if (row.status === 'running' || row.execution_time_ms === null) return false;
  return finish.last
    ? row.status === finish.status && row.reason === finish.reason
    : row.status === 'cancelled';
}

const finishedOf = (finish: Finish, row: EndedRow): Finished => ({
  status: row.status === 'queued' ? finish.status : (row.status as Finished['status']),
  findings: row.issues_found,
  retry:
    row.status === 'queued'
      ? {
          generation: row.generation,
          delayMs: Math.max(0, row.wait_ms ?? 0),
          priority: row.priority,
        }
      : null,
});
