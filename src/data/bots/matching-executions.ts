/** Which runs fit a filter. */
import { sql, type Selectable } from 'kysely';
import { object, oneOf, uuid, wholeNumber } from '../../database/faults/bad-input.ts';
import type { Db } from '../../database/connect.ts';
import { executionStatuses } from '../../database/execution-statuses.ts';
import { countRows } from '../../database/rows/count-rows.ts';
import { timeOf, type Since } from '../../database/rows/since.ts';
import type { BotExecutions } from '../../database/tables.ts';

type ExecutionStatus = Selectable<BotExecutions>['status'];

export interface ExecutionFilter {
  botId?: string | undefined;
  status?: ExecutionStatus | readonly ExecutionStatus[] | undefined;
  /** only runs that started within this many seconds; 0 to 36,500 days */
  sinceSeconds?: number | undefined;
  /** only runs that started at that time or later */
  since?: Since | undefined;
  /** 1 to 1,000,001 */
  limit: number;
}

const century = 36_500 * 24 * 3600;

/** How many runs fit, whatever the filter's limit; null: very many. Throws BadInputError. */
export const countExecutions = (db: Db, filter: ExecutionFilter): Promise<number | null> =>
  countRows(db, matchingExecutions(db, filter));

/** The query without columns and order. Throws BadInputError. */
export function matchingExecutions(db: Db, filter: ExecutionFilter) {
  const { botId, status, sinceSeconds, since } = object('filter', filter);
  let query = db.selectFrom('bot_executions as run');
  if (botId !== undefined) {
    const id = uuid('bot_id', botId);
    query = query.where('run.bot_id', '>=', id).where('run.bot_id', '<=', id);
  }
  if (status !== undefined)
    query = query.where(({ eb, or }) =>
      or(
        [status]
          .flat()
          .map((each) => eb('run.status', '=', oneOf('status', each, executionStatuses))),
      ),
    );
  if (sinceSeconds !== undefined) {
    const seconds = wholeNumber('sinceSeconds', sinceSeconds, 0, century);
    query = query.where(
      'run.started_at',
      '>=',
      sql<Date>`public.bots_now() - make_interval(secs => ${seconds})`,
    );
  }
  return since === undefined ? query : query.where('run.started_at', '>=', timeOf(since));
}
