/** A database of a test's own, on which checks are asked, findings healed and cures undone, without an engine. */
import type { Bot } from '../contract/bot.ts';
import type { Remedy } from '../contract/remedy.ts';
import { catalogueOf } from '../catalogue/catalogue.ts';
import { connect, type Db } from '../database/connect.ts';
import { migrateToLatest } from '../database/migrate/migrate.ts';
import { ask, type Answer, type AskOptions } from './ask.ts';
import { heal, type Healed, type HealOptions } from './heal.ts';
import { makeDatabase } from './server.ts';

export interface ScratchOptions {
  /** The bots that are tested. As at the start of a process, their knowledge may name remedies that are known alone. */
  bots: readonly Bot[];
  /** Remedies of one's own; those of Roundsman are known besides. */
  remedies?: readonly Remedy[];
  /**
   * A PostgreSQL on which the scratch database is made, beside the database that the address names; else `TEST_DATABASE_URL`; without
   * both a server is started. `DATABASE_URL` is never used: it may be one that people work with.
   */
  url?: string | undefined;
  /** `bots`: only the tables that the engine needs, beside a platform of another schema; all tables unless given */
  tables?: 'bots' | 'all';
}

export interface Scratch {
  /** For planting problems, and for looking at what a remedy did. */
  readonly db: Db;
  readonly url: string;
  /** Asks a check, in a session that refuses to write. What it throws is an answer, too: `errored`, with the reason. */
  check(bot: Bot, check: string, options?: AskOptions): Promise<Answer>;
  /**
   * Asks a check, and heals what it reports as the engine would with every gate open: by the bot's own entry of knowledge whose pattern
   * fits the finding. The remedy gets its transaction, parameters and context, and the check is asked again at once, whatever
   * `verify_after` says. Rejects with what a remedy throws; then nothing that it wrote inside the database stays.
   */
  heal(bot: Bot, check: string, options?: HealOptions): Promise<Healed>;
  /** Drops the database, and stops the server if it was started for this test. */
  close(): Promise<void>;
}

/**
 * Makes a database, brings the schema, and reads the bots and remedies as every process of Roundsman does at its start. A started
 * server takes a few seconds: open one scratch for a file of tests, and close it after the last one. If the process is killed,
 * a server that was started ends by itself. Throws `BadCatalogueError` where a bot or a remedy breaks the contract,
 * `NoBinariesError` where no server can be started here, and what the server says.
 */
export async function openScratch(options: ScratchOptions): Promise<Scratch> {
  const {
    bots,
    remedies = [],
    url: given = process.env.TEST_DATABASE_URL,
    tables = 'all',
  } = options;
  const own = await import('../../bots/index.ts');
  const names = new Set(remedies.map(({ name }) => name));
  const others = own.remedies.filter(({ name }) => !names.has(name));
  const catalogue = catalogueOf(bots, [...remedies, ...others]);
  const database = await makeDatabase(given || undefined);
  const { url } = database;
  const db = connect(url, { name: 'roundsman testing', asService: true });
  const reader = connect(url, { name: 'roundsman testing', readOnly: true });
  const close = async () => {
    await Promise.all([db.destroy(), reader.destroy()]);
    await database.remove();
  };
  try {
    await migrateToLatest(db, tables === 'bots' ? { only: 'bots' } : {});
  } catch (error) {
    await close();
    throw error;
  }
  const asking = { db, reader, catalogue };
  let closing: Promise<void> | undefined;
  return {
    db,
    url,
    check: (bot, check, asked = {}) => ask(asking, bot, check, asked),
    heal: (bot, check, asked = {}) => heal(asking, bot, check, asked),
    close: () => (closing ??= close()),
  };
}
