/** The engine in a process of an application, which has signals, output and settings of its own. */
import { readConfig } from '../config.ts';
import { connect, type Db } from '../database/connect.ts';
import { openEvents, type Subscriber } from '../events/events.ts';
import { logTo } from '../events/log-events.ts';
import { openLog } from '../log.ts';
import { startEngine as startParts } from './engine.ts';

export interface EngineOptions {
  /** `all`, unless given: a scheduler and a worker. Any number of processes may run any role. */
  role?: 'all' | 'scheduler' | 'worker';
  /** A PostgreSQL; else `DATABASE_URL`; without both the embedded one, which is for development: see {@link startEngine}. */
  databaseUrl?: string | undefined;
  /** A Redis for BullMQ; else `REDIS_URL`; without both, and where it is null, BullMQ's backend on the same PostgreSQL. */
  redisUrl?: string | null | undefined;
  /** runs that are executed at once; else `ROUNDSMAN_CONCURRENCY`, or 10 */
  concurrency?: number;
  /**
   * A module that exports `bots` and `remedies`, as `new URL('./bots.ts', import.meta.url)`: it is an address because child processes
   * load it, too. Unless given, what `roundsman.config.ts` names, or the bots of Roundsman.
   */
  catalogue?: URL;
  /** Applies pending migrations first; unless given, only those of the embedded database, and another one has to be migrated. */
  migrate?: boolean;
  /** Called for each event from the start on: the same as {@link EmbeddedEngine.subscribe}. */
  onEvent?: Subscriber;
  /** Also writes each event as a line of JSON to standard output, from `ROUNDSMAN_LOG_LEVEL` on, without secrets. */
  log?: boolean;
}

export interface EmbeddedEngine {
  /** For `enqueueRun` and queries; closed by `stop`. */
  readonly db: Db;
  /** where the queue is */
  readonly backend: 'redis' | 'postgres';
  /** Has `subscriber` called for each event of this process; it must be quick. The returned function ends that. */
  subscribe(subscriber: Subscriber): () => void;
  /**
   * Drains: takes no new runs, lets running ones end for `graceMs` (10,000), gives back those that still run, so that another process
   * has them at once, and closes all connections. Further calls return the same promise.
   */
  stop(graceMs?: number): Promise<void>;
}

/**
 * Starts a scheduler, a worker or both in this process. Settings that are not given come from the environment and `.env`, as for
 * commands. It installs no handlers of signals and prints nothing, unless told: call {@link EmbeddedEngine.stop} when the
 * application ends. The embedded PostgreSQL, which is used without an address, is made where it is missing and stops with the
 * last process that uses it. Throws UsageError for settings that cannot be used, DatabaseNotReadyError where the database does
 * not answer or is not migrated, BadCatalogueError, and what else `roundsman up` ends with; then nothing stays open.
 */
export async function startEngine(options: EngineOptions = {}): Promise<EmbeddedEngine> {
  const { role = 'all', catalogue, onEvent, log: isLogged = false } = options;
  const config = readConfig(environmentOf(options));
  const embedded = config.databaseUrl
    ? null
    : await (
        await import('../database/embedded/index.ts')
      ).joinEmbedded(config.home, { create: true });
  const url = config.databaseUrl ?? embedded!.url;
  const events = openEvents();
  try {
    if (onEvent) events.subscribe(onEvent);
    const log = openLog(isLogged ? config : { ...config, logLevel: 'silent' });
    events.subscribe(logTo(log));
    await prepare(url, options.migrate ?? embedded !== null, config.redisUrl);
    const reporting = { log, emit: events.emit };
    const kind = role === 'all' ? 'up' : role;
    const engine = await startParts(kind, config, url, reporting, catalogue);
    const end = (graceMs?: number) =>
      engine.stop(graceMs).finally(async () => {
        await embedded?.leave();
      });
    let ending: Promise<void> | undefined;
    return {
      db: engine.db,
      backend: engine.backend,
      subscribe: events.subscribe,
      stop: (graceMs) => (ending ??= end(graceMs)),
    };
  } catch (error) {
    await embedded?.leave();
    throw error;
  }
}

/** The environment with what the application gives in place of it. */
function environmentOf({ databaseUrl, redisUrl, concurrency }: EngineOptions): NodeJS.ProcessEnv {
  return {
    ...process.env,
    ...(databaseUrl !== undefined && { DATABASE_URL: databaseUrl }),
    ...(redisUrl !== undefined && { REDIS_URL: redisUrl ?? '' }),
    ...(concurrency !== undefined && { ROUNDSMAN_CONCURRENCY: String(concurrency) }),
  };
}

/** Brings the schema, or refuses a database that lacks a part of it. */
async function prepare(url: string, migrate: boolean, redisUrl: string | undefined): Promise<void> {
  const { prepareDatabase } = await import('../database/migrate/prepare.ts');
  const db = connect(url, { name: 'roundsman', asService: true });
  try {
    await prepareDatabase(db, { migrate, only: 'present', url });
    if (migrate && !redisUrl) await (await import('../queue/backend.ts')).migrateQueue(url);
  } finally {
    await db.destroy();
  }
}
