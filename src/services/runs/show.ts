import type { ExecutionRow } from '../../data/bots/bot-executions.ts';
import { findingsOfRun } from '../../data/bots/bot-findings.ts';
import { progressOf } from '../../data/checks/progress.ts';
import { currentTime } from '../../data/bots/engine.ts';
import type { Db } from '../../database/connect.ts';
import { runIdOf } from '../references/by-id.ts';
import { isUuid } from '../references/uuid.ts';

export type { RunProgress } from '../../data/checks/progress.ts';

/** How many findings and actions of one run are shown. */
const maxRows = 100;

/** The maintenance window that skipped a run; null for other runs, and if its row is gone. */
async function skippingWindow(db: Db, { status, reason, metadata }: ExecutionRow) {
  const { maintenance: id } = (metadata ?? {}) as { maintenance?: unknown };
  if (status !== 'skipped' || reason !== 'maintenance' || !isUuid(String(id))) return null;
  const window = await db
    .selectFrom('bot_maintenance')
    .select(['id', 'owner', 'reason'])
    .where('id', '=', String(id))
    .executeTakeFirst();
  return window ?? null;
}

/** A run with its bot, its findings and the actions on them, and what skipped it. Throws NotFoundError, AmbiguousIdError. */
export async function showRun(db: Db, { run: given }: { run: string }) {
  const id = await runIdOf(db, given);
  const run = await db
    .selectFrom('bot_executions')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  const bot = await db
    .selectFrom('bots')
    .select(['name', 'timezone'])
    .where('id', '=', run.bot_id)
    .executeTakeFirstOrThrow();
  const findings = await findingsOfRun(db, run, maxRows);
  const actions = await db
    .selectFrom('bot_actions')
    .selectAll()
    .where('execution_id', '=', id)
    .orderBy('taken_at')
    .limit(maxRows)
    .execute();
  const maintenance = await skippingWindow(db, run);
  const progress = run.status === 'running' ? await progressOf(db, run) : undefined;
  return {
    run,
    bot,
    findings,
    actions,
    maintenance,
    progress: progress ?? null,
    now: await currentTime(db),
  };
}
