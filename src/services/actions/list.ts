import { listActions as query } from '../../data/bots/bot-actions.ts';
import { currentTime } from '../../data/bots/engine.ts';
import type { Db } from '../../database/connect.ts';
import { botOf } from '../references/named.ts';

export { countHealsOf } from '../../data/bots/bot-actions.ts';
export type { ActionRow, HealCounts, ListedAction } from '../../data/bots/bot-actions.ts';

export interface ListActions {
  /** by name or id */
  bot?: string | undefined;
  /** only steps taken since that time, or in the last so many seconds */
  since?: Date | { secondsAgo: number } | undefined;
  limit: number;
}

/**
 * Steps of heals, the newest first, with their bots and entries. Throws NotFoundError for a bot that does not exist.
 */
export async function listActions(db: Db, { bot: named, since, limit }: ListActions) {
  const bot = named === undefined ? undefined : await botOf(db, named);
  const actions = await query(db, { botId: bot?.id, since, limit });
  return { actions, now: await currentTime(db) };
}
