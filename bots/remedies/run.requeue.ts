/** Queues another run of a bot whose newest run failed, without waiting for its schedule. */
import { defineRemedy, NotAppliedError, sql, z } from '../../src/bot.ts';
import type { RemedyContext } from '../../src/bot.ts';
import { hasEnded, unfinishedRuns } from '../parts/runs-of-bot.ts';
import { targetBotName, targetBot } from '../target-bot.ts';

const params = z.strictObject({
  bot: targetBot,
});
type Params = z.infer<typeof params>;

interface BotRuns {
  id: string;
  status: string;
  waiting: number;
  /** the newest run that has ended */
  last: { id: string; status: string; reason: string | null } | null;
}

async function readRuns(given: Params, context: RemedyContext, lock = sql``) {
  const { rows } = await sql<BotRuns>`
    SELECT b.id, b.status,
      ${unfinishedRuns} AS waiting,
      (SELECT jsonb_build_object('id', e.id, 'status', e.status, 'reason', e.reason)
       FROM bot_executions e WHERE ${hasEnded}
       ORDER BY e.completed_at DESC NULLS LAST LIMIT 1) AS last
    FROM bots b WHERE b.name = ${targetBotName(given, context)} ${lock}`.execute(context.db);
  return rows[0];
}

const needsRun = (found: BotRuns | undefined) =>
  found?.waiting === 0 && (found.last?.status === 'failed' || found.last?.status === 'timeout');

export const requeueRun = defineRemedy({
  name: 'run.requeue',
  title: 'Run a bot again whose newest run failed',
  risk: 'safe',
  params,
  async isDone(given, context) {
    const found = await readRuns(given, context);
    return found !== undefined && !needsRun(found);
  },
  async apply(given, context) {
    // This statement waits for the row's lock; the next one sees what was committed meanwhile.
    await readRuns(given, context, sql`FOR NO KEY UPDATE OF b`);
    const found = await readRuns(given, context);
    const name = given.bot ?? context.target.component;
    if (!found) throw new NotAppliedError(`there is no bot ${name}`);
    if (found.status === 'disabled' || found.status === 'error')
      throw new NotAppliedError(`${name} is ${found.status} and cannot be run`);
    const before = { last: found.last, waiting: found.waiting };
    if (!needsRun(found))
      return { summary: `${name} needs no other run`, before, after: { execution_id: null } };
    const run = await context.queueRun(found.id);
    return { summary: `queued a run of ${name}`, before, after: { execution_id: run.id } };
  },
});
