import {
  countExecutions,
  listExecutions,
  type ExecutionRow,
} from '../../data/bots/bot-executions.ts';
import { currentTime } from '../../data/bots/engine.ts';
import type { Db } from '../../database/connect.ts';
import { botOf } from '../references/named.ts';
import type { ExecutionStatus } from './statuses.ts';

export type { ExecutionRow } from '../../data/bots/bot-executions.ts';

/** A run with its bot in `bots`, as the table is called; the name is null for a run without a bot. */
export type ListedRun = ExecutionRow & { bots: { name: string | null } };

export interface ListRuns {
  /** by name or id */
  bot?: string | undefined;
  status?: ExecutionStatus | readonly ExecutionStatus[] | undefined;
  /** only runs since that time, or in the last so many seconds */
  since?: Date | { secondsAgo: number } | undefined;
  limit: number;
}

/** Runs, the newest first, with their bots. `count` says how many fit in all; null: very many. Throws NotFoundError for a bot that does not exist. */
export async function listRuns(db: Db, { bot: named, status, since, limit }: ListRuns) {
  const bot = named === undefined ? undefined : await botOf(db, named);
  const filter = { botId: bot?.id, status, since, limit };
  return {
    runs: await listExecutions(db, filter),
    now: await currentTime(db),
    count: () => countExecutions(db, filter),
  };
}
