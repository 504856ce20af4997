import type { Db } from '../database/connect.ts';
import type { Run } from './writer/run.ts';

/** Sets a bot whose definition cannot run to `error`, unless it was edited since this run read it. */
export const refuse = (db: Db, { bot }: Run, reason: string) =>
  db
    .updateTable('bots')
    .set({ status: 'error', status_reason: reason })
    .where('id', '=', bot.id)
    .where('status', '=', 'active')
    .where('api_endpoint', '=', bot.endpoint)
    .where('config', '=', JSON.stringify(bot.config))
    .execute();
