import type { Db } from '../../database/connect.ts';

/** A problem that can be planted in a migrated database, and that one check finds. */
export interface Fault {
  /** `bot.check`, or `bot.check.variant` where one check finds several problems */
  name: string;
  /** what is broken, for people */
  title: string;
  /**
   * Breaks it. It adds all rows that it needs, so that it can be planted once in any migrated database in which the catalogue's bots
   * are registered, whatever else that contains. `db` may be a transaction. All times are relative to `now`, the database's time.
   */
  plant(db: Db, now: Date): Promise<void>;
  /**
   * What no transaction can do, such as a CREATE INDEX CONCURRENTLY that fails. It is called after the commit of `plant`, outside of
   * any transaction, with a pool of at least two connections. After an interruption it is called again, so it has to be
   * harmless when it is repeated.
   */
  afterCommit?(db: Db, now: Date): Promise<void>;
  /** Plants what looks like this problem and is none: the check reports nothing. `db` is no transaction. */
  lookalike?(db: Db, now: Date): Promise<void>;
}

/** Plants a fault in a database that is thrown away afterwards, without a note of it. `db` is no transaction. */
export async function plantAll({ plant, afterCommit }: Fault, db: Db, now: Date): Promise<void> {
  await plant(db, now);
  await afterCommit?.(db, now);
}

/** The names of the bot and of the check that find a fault. */
export function finderOf({ name }: Fault): { bot: string; check: string } {
  const [bot = '', check = ''] = name.split('.');
  return { bot, check };
}
