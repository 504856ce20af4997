/**
 * Sessions for code that may leave them in any state: when a task ends, everything that it set, locked, prepared or
 * left open in its sessions is reset, so that the next task finds them like new.
 */
import { Kysely, PostgresDialect, type PostgresPool, type PostgresPoolClient } from 'kysely';
import type pg from 'pg';
import { pool, type ConnectOptions, type Database, type Db } from './connect.ts';
import { rememberErrors } from './faults/own-errors.ts';
import { beginSession } from './session.ts';

export interface TaskSessions {
  /** for this task alone; if the task destroys it, other tasks are not affected */
  db: Db;
  /** Ends what is under way in the task's sessions, resets them and returns them to the pool. Never rejects. */
  end(): Promise<void>;
}

/** The longest wait for a reset; after it the session is closed. */
const resetWithinMs = 1_000;

/** As long as the pool itself waits for a new connection. */
const waitMs = 10_000;

/** What pg keeps in its clients but does not show in its types. */
interface Inside {
  _queryable: boolean;
  getTransactionStatus(): 'I' | 'T' | 'E' | null;
}

type Client = PostgresPoolClient & pg.PoolClient & Inside;

/**
 * Opens a pool for tasks; each task gets its own view of it. Nothing connects before the first statement. Connections
 * are opened through `outside`, because they must not belong to the task that happens to need the first one.
 */
export function openTaskSessions(
  url: string,
  options: ConnectOptions & { max: number },
  outside: <Result>(fn: () => Result) => Result,
): () => TaskSessions {
  const connections = pool(url, { ...options, idleUnreferenced: true });
  const remembered = rememberErrors(connections, options.readOnly === true);

  return () => {
    const held = new Set<Client>();
    const free: Client[] = [];
    const giveBack = new Map<Client, (destroy?: boolean) => void>();
    const waiting: (() => void)[] = [];
    let opening = 0;
    let isOver = false;

    function drop(client: Client): void {
      held.delete(client);
      giveBack.get(client)?.(true);
    }

    async function open(): Promise<Client> {
      opening += 1;
      try {
        const client = (await outside(() => remembered.connect())) as Client;
        giveBack.set(client, client.release.bind(client));
        held.add(client);
        if (!isOver) return client;
        drop(client);
        throw taskOverError();
      } finally {
        opening -= 1;
      }
    }

    async function connect(): Promise<Client> {
      for (;;) {
        if (isOver) throw taskOverError();
        const client = free.pop();
        if (client?._queryable) return client;
        if (client) drop(client);
        else if (held.size + opening < options.max) return open();
        else await untilFree();
      }
    }

    async function untilFree(): Promise<void> {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const why = `all of its ${options.max} sessions have been busy for ${waitMs / 1000} s`;
      const late = setTimeout(() => reject(new Error(why)), waitMs);
      late.unref();
      waiting.push(resolve);
      await promise.finally(() => clearTimeout(late));
    }

    const pool: PostgresPool = {
      options: connections.options,
      end: async () => {},
      async connect() {
        const client = await connect();
        client.release = (destroy) => {
          if (!held.has(client) || free.includes(client)) return;
          if (destroy) drop(client);
          else free.push(client);
          waiting.shift()?.();
        };
        return client;
      },
    };

    async function reset(client: Client): Promise<void> {
      const isClean = await within(client, async () => {
        if (client.getTransactionStatus() !== 'I') await client.query('ROLLBACK');
        // RESET ALL, which DISCARD ALL includes, does not change the role.
        await client.query('RESET ROLE');
        await client.query('DISCARD ALL');
        await beginSession(client, options);
      });
      held.delete(client);
      giveBack.get(client)!(!isClean);
    }

    return {
      db: new Kysely<Database>({ dialect: new PostgresDialect({ pool }) }),
      async end() {
        isOver = true;
        for (const wake of waiting.splice(0)) wake();
        for (const client of held) if (!free.includes(client)) drop(client);
        await Promise.all([...held].map(reset));
      },
    };
  };
}

const taskOverError = () => new Error('its task is over: it has no database any more');

/** False when it failed, or took too long. */
async function within(client: Client, work: () => Promise<void>): Promise<boolean> {
  if (!client._queryable) return false;
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const late = setTimeout(() => resolve(false), resetWithinMs);
  work().then(
    () => resolve(true),
    () => resolve(false),
  );
  return promise.finally(() => clearTimeout(late));
}
