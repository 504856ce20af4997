/** Queues a run of another bot now, before its next slot. */
import { defineRemedy, NotAppliedError, sql, z } from '../../src/bot.ts';
import type { RemedyContext } from '../../src/bot.ts';
import { hasEnded, unfinishedRuns } from '../parts/runs-of-bot.ts';

const params = z.strictObject({
  bot: z.string().min(1).max(100).describe('the bot that is to run'),
  minutes: z
    .int()
    .min(1)
    .max(1_440)
    .default(5)
    .describe('a bot that began a run within this many minutes is not run again'),
});
type Params = z.infer<typeof params>;

interface Found {
  id: string;
  status: string;
  waiting: number;
  last_began_at: Date | null;
  is_recent: boolean;
}

async function read({ bot, minutes }: Params, { db, now }: RemedyContext, lock = sql``) {
  const { rows } = await sql<Found>`
    SELECT id, status, waiting, last_began_at, coalesce(last_began_at > ${now}::timestamptz - make_interval(mins => ${minutes}), false) AS is_recent
    FROM (
      SELECT b.id, b.status,
        ${unfinishedRuns} AS waiting,
        (SELECT e.started_at FROM bot_executions e WHERE ${hasEnded} ORDER BY e.started_at DESC LIMIT 1) AS last_began_at
      FROM bots b WHERE b.name = ${bot} AND b.removed_at IS NULL ${lock}
    ) found`.execute(db);
  return rows[0];
}

const needsRun = ({ waiting, is_recent }: Found) => waiting === 0 && !is_recent;

export const runEarly = defineRemedy({
  name: 'run.early',
  title: 'Run another bot before its next slot',
  risk: 'safe',
  params,
  async isDone(given, context) {
    const found = await read(given, context);
    return found !== undefined && !needsRun(found);
  },
  async apply(given, context) {
    // This statement waits for the row's lock; the next one sees what was committed meanwhile.
    await read(given, context, sql`FOR NO KEY UPDATE OF b`);
    const found = await read(given, context);
    if (!found) throw new NotAppliedError(`there is no bot ${given.bot}`);
    if (found.status !== 'active')
      throw new NotAppliedError(`${given.bot} is ${found.status} and not active`);
    const before = { waiting: found.waiting, last_began_at: found.last_began_at };
    if (!needsRun(found))
      return {
        summary: `${given.bot} has a recent run already`,
        before,
        after: { execution_id: null },
      };
    const run = await context.queueRun(found.id);
    return { summary: `queued a run of ${given.bot}`, before, after: { execution_id: run.id } };
  },
});
