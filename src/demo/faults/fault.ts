import type { Db } from '../../database/connect.ts';

/** A problem that can be planted in a migrated database, and that one check finds. */
export interface Fault {
  /** `bot.check`, or `bot.check.variant` where one check finds several problems */
  name: string;
  /** what is broken, for people */
  title: string;
  /**
   * Breaks it. It brings the rows that it needs along, and can be planted once in any migrated database, whatever is there.
   * `db` may be a transaction; all times are relative to `now`, the database's time.
   */
  plant(db: Db, now: Date): Promise<void>;
  /** Plants what looks like this problem and is none: the check says nothing about it. */
  lookalike?(db: Db, now: Date): Promise<void>;
}

/** The names of a fault's bot and check. */
export function soughtBy({ name }: Fault): { bot: string; check: string } {
  const [bot = '', check = ''] = name.split('.');
  return { bot, check };
}
