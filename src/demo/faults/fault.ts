import type { Db } from '../../database/connect.ts';

/** A problem that can be planted in a migrated database, and that one check finds. */
export interface Fault {
  /** `bot.check`, or `bot.check.variant` where one check finds several problems */
  name: string;
  /** what is broken, for people */
  title: string;
  /**
   * Breaks it. It adds all rows that it needs, so that it can be planted once in any migrated database, whatever that contains.
   * `db` may be a transaction. All times are relative to `now`, the database's time.
   */
  plant(db: Db, now: Date): Promise<void>;
  /** Plants what looks like this problem and is none: the check reports nothing. */
  lookalike?(db: Db, now: Date): Promise<void>;
}

/** The names of the bot and of the check that find a fault. */
export function finderOf({ name }: Fault): { bot: string; check: string } {
  const [bot = '', check = ''] = name.split('.');
  return { bot, check };
}
