/**
 * A person asks to cancel a run.
 *
 * From: `queued` or `running`, of the engine. A run of the platform's own code (`external`) can only be stopped by that code.
 * To: `cancelled` at once if the run has not begun; else the same status with `cancel_requested_at`. Such a run ends when its
 *   worker next renews its lease, when its attempt ends, when rescue finds it without a worker, or when rescue finds it
 *   waiting for another attempt (what it has recorded is escalated).
 * By: an operator, with `runs cancel`.
 * Locks: the run's row, and never waits for it: when another transaction holds it, the request is stored beside it, in
 *   engine.cancellations, and moves to the row once the row is free (note-cancellations.ts).
 * Zero rows: the row is locked, has ended, or there is no such run: a read of the row then decides.
 */
import { sql, type Selectable } from 'kysely';
import type { ExecutionRow, ExecutionStatus } from '../../data/bots/bot-executions.ts';
import type { Db } from '../../database/connect.ts';
import { pendingExecutions } from '../../database/execution-statuses.ts';
import { text, uuid } from '../../database/faults/bad-input.ts';
import type { EngineCancellations } from '../../database/tables.ts';
import { RoundsmanError } from '../../ground/errors.ts';

/** The run has ended, so there is nothing to cancel; `run` says how it ended. */
export class RunEndedError extends RoundsmanError {
  readonly run: ExecutionRow;

  constructor(run: ExecutionRow) {
    const at = run.completed_at?.toISOString().slice(0, 19).replace('T', ' ');
    super({
      what: `run ${run.id} cannot be cancelled`,
      why: `it ended as ${run.status}${at ? ` at ${at} UTC` : ''}`,
      hint: `\`npx roundsman runs show ${run.id.slice(0, 8)}\``,
    });
    this.run = run;
  }
}

/** The platform's own code wrote this run, and no worker of Roundsman executes it: only that code can end it. */
export class ExternalRunError extends RoundsmanError {
  constructor({ id, status }: Pick<ExecutionRow, 'id' | 'status'>) {
    super({
      what: `run ${id} cannot be cancelled`,
      why: `the platform's own code wrote it as ${status}, and no worker of Roundsman executes it`,
      hint: 'stop it where it runs; its row ends when that code sets bot_executions.status and completed_at',
    });
  }
}

/**
 * A second request changes only the reason, if one is given (2,000 characters at most). Throws BadInputError,
 * {@link RunEndedError}, {@link ExternalRunError}; undefined when there is no such run.
 */
export async function cancelRun(
  db: Db,
  id: string,
  reason: string | null,
): Promise<ExecutionRow | undefined> {
  const run_id = uuid('id', id);
  const why = reason === null ? null : text('reason', reason, 2000);
  // Each CASE uses the row as it is after it was locked: a worker may be starting the run.
  const cancelled = await db
    .updateTable('bot_executions')
    .set({
      status: sql<ExecutionStatus>`CASE WHEN status = 'queued' AND attempt = 0 THEN 'cancelled' ELSE status END`,
      completed_at: sql<Date>`CASE WHEN status = 'queued' AND attempt = 0 THEN engine.now() END`,
      reason: sql<string>`CASE WHEN status = 'queued' AND attempt = 0 THEN 'cancelled' ELSE reason END`,
      cancel_requested_at: sql<Date>`coalesce(cancel_requested_at, engine.now())`,
      cancel_reason: sql<string>`coalesce(${why}, cancel_reason)`,
    })
    .where('id', 'in', (eb) =>
      eb
        .selectFrom('bot_executions')
        .select('id')
        .where('id', '=', run_id)
        .where('status', 'in', pendingExecutions)
        .where('trigger', '<>', 'external')
        .forNoKeyUpdate()
        .skipLocked(),
    )
    .where('status', 'in', pendingExecutions)
    .returningAll()
    .executeTakeFirst();
  if (cancelled) return cancelled;
  const run = await db
    .selectFrom('bot_executions')
    .selectAll()
    .where('id', '=', run_id)
    .executeTakeFirst();
  if (!run) return undefined;
  if (run.completed_at) throw new RunEndedError(run);
  if (run.trigger === 'external') throw new ExternalRunError(run);
  const { rows } = await sql<Selectable<EngineCancellations>>`
    INSERT INTO engine.cancellations AS known (execution_id, reason) VALUES (${run_id}, ${why})
    ON CONFLICT (execution_id) DO UPDATE SET reason = coalesce(excluded.reason, known.reason)
    RETURNING *`.execute(db);
  const [request] = rows;
  return {
    ...run,
    cancel_requested_at: run.cancel_requested_at ?? request!.requested_at,
    cancel_reason: request!.reason ?? run.cancel_reason,
  };
}
