import { findingsOfRun } from '../../data/bots/bot-findings.ts';
import { currentTime } from '../../data/bots/engine.ts';
import type { Db } from '../../database/connect.ts';
import { runIdOf } from '../references/by-id.ts';

/** The most findings and actions of one run. */
const most = 100;

/** A run with its bot, its findings and the actions on them. Throws NotFoundError, AmbiguousIdError. */
export async function showRun(db: Db, { run: given }: { run: string }) {
  const id = await runIdOf(db, given);
  const run = await db
    .selectFrom('bot_executions')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  const bots = await db
    .selectFrom('bots')
    .select(['name', 'timezone'])
    .where('id', '=', run.bot_id)
    .executeTakeFirstOrThrow();
  const findings = await findingsOfRun(db, run, most);
  const actions = await db
    .selectFrom('bot_actions')
    .selectAll()
    .where('execution_id', '=', id)
    .orderBy('taken_at')
    .limit(most)
    .execute();
  return { run, bots, findings, actions, now: await currentTime(db) };
}
