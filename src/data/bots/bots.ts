import { sql, type Selectable } from 'kysely';
import type { Db } from '../../database/connect.ts';
import type { Bots } from '../../database/tables.ts';

export type BotRow = Selectable<Bots>;
export type BotStatus = BotRow['status'];

/** Active bots that were due more than a minute ago and have not been claimed or planned. */
export const overdueBots = (db: Db) =>
  db
    .selectFrom('bots')
    .where('status', '=', 'active')
    .where((eb) =>
      eb.or([
        eb('next_execution_at', '<', sql<Date>`engine.now() - interval '1 minute'`),
        eb.and([
          eb('next_execution_at', 'is', null),
          eb('updated_at', '<', sql<Date>`engine.now() - interval '1 minute'`),
        ]),
      ]),
    );
