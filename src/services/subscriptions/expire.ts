/** The job `subscriptions`: what is past its period and the grace after it has ended. */
import { z } from 'zod';
import type { Figures, JobContext } from '../../contract/job.ts';
import { currentMode, currentTime } from '../../data/bots/engine.ts';
import {
  countUnsure,
  expireOutlived,
  newestPeriods,
  readOutlived,
  type GraceUntil,
} from '../../data/credits/outlived.ts';
import type { Db } from '../../database/connect.ts';
import { hasPlatform } from '../../database/migrate/extent.ts';
import { PartByPart } from '../../database/faults/part-by-part.ts';

/** How many one transaction ends. Where the database refuses these, each has one of its own. */
const maxRows = 500;

/**
 * The settings of the bot guardian that say how long a subscription may wait, with the values that it has unless they are set (bots/guardian/config.ts):
 * what the one calls in order the other must not end.
 */
export const graceSettings = z.object({
  period_grace_hours: z.number().min(0).max(8_760).catch(24),
  past_due_days: z.number().positive().max(365).catch(30),
});

export async function expireSubscriptions({
  db,
  commit,
  signal,
  report,
}: JobContext): Promise<Figures> {
  const figures = { subscriptions: 0, profiles: 0 };
  report(() => figures);
  if (!(await hasPlatform(db))) return figures;
  if (!['safe', 'auto'].includes((await currentMode(db)) ?? ''))
    return { ...figures, why: 'the mode is off' };
  const grace = await graceUntil(db);
  const newest = await newestPeriods(db);
  const expire = async (ids: readonly string[]) => {
    signal.throwIfAborted();
    const ended = await commit((trx) => expireOutlived(trx, grace, newest, ids));
    figures.subscriptions += ended.subscriptions;
    figures.profiles += ended.profiles;
    return ended;
  };
  const parts = new PartByPart();
  for (let after: string | null = null; ;) {
    const ids: string[] = await readOutlived(db, grace, newest, { after, limit: maxRows });
    if (ids.length > 0 && (await new PartByPart().carryOut('all', () => expire(ids))) === null)
      for (const id of ids) await parts.carryOut(`the subscription ${id}`, () => expire([id]));
    if (ids.length < maxRows) break;
    after = ids.at(-1)!;
  }
  parts.refuseIfAny('the log of PostgreSQL says more; the others have ended');
  const waiting = await countUnsure(db, grace, newest);
  if (waiting === 0) return figures;
  const why =
    'their provider told of no newer period since: they may have been renewed without this database knowing';
  return { ...figures, waiting, why };
}

async function graceUntil(db: Db): Promise<GraceUntil> {
  const row = await db
    .selectFrom('bots')
    .select('config')
    .where('catalogue_name', '=', 'guardian')
    .executeTakeFirst();
  const { period_grace_hours, past_due_days } = graceSettings.parse(row?.config ?? {});
  const now = (await currentTime(db)).getTime();
  return {
    period: new Date(now - period_grace_hours * 3_600_000),
    pastDue: new Date(now - past_due_days * 86_400_000),
  };
}
