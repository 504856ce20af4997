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

/** The longest that a task waits for one of its own sessions; the pool itself waits as long for a new connection. */
const waitMs = 10_000;

/** What pg keeps in its clients but does not show in its types. */
interface PgInternals {
  _queryable: boolean;
  getTransactionStatus(): 'I' | 'T' | 'E' | null;
}

type Client = PostgresPoolClient & pg.PoolClient & PgInternals;

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
    const clients = new Set<Client>();
    const idleClients: Client[] = [];
    const releaseOf = new Map<Client, (destroy?: boolean) => void>();
    const waiters: (() => void)[] = [];
    let opening = 0;
    let isOver = false;

    function drop(client: Client): void {
      clients.delete(client);
      releaseOf.get(client)?.(true);
    }

    async function open(): Promise<Client> {
      opening += 1;
      try {
        const client = (await outside(() => remembered.connect())) as Client;
        releaseOf.set(client, client.release.bind(client));
        clients.add(client);
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
        const client = idleClients.pop();
        if (client?._queryable) return client;
        if (client) drop(client);
        else if (clients.size + opening < options.max) return open();
        else await waitForFree();
      }
    }

    async function waitForFree(): Promise<void> {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const why = `all of its ${options.max} sessions have been busy for ${waitMs / 1000} s`;
      const timer = setTimeout(() => reject(new Error(why)), waitMs);
      timer.unref();
      waiters.push(resolve);
      await promise.finally(() => clearTimeout(timer));
    }

    const pool: PostgresPool = {
      options: connections.options,
      end: async () => {},
      async connect() {
        const client = await connect();
        client.release = (destroy) => {
          if (!clients.has(client) || idleClients.includes(client)) return;
          if (destroy) drop(client);
          else idleClients.push(client);
          waiters.shift()?.();
        };
        return client;
      },
    };

    async function reset(client: Client): Promise<void> {
      const isClean = await succeedsInTime(client, async () => {
        if (client.getTransactionStatus() !== 'I') await client.query('ROLLBACK');
        // RESET ALL, which DISCARD ALL includes, does not change the role.
        await client.query('RESET ROLE');
        await client.query('DISCARD ALL');
        await beginSession(client, options);
      });
      clients.delete(client);
      releaseOf.get(client)!(!isClean);
    }

    return {
      db: new Kysely<Database>({ dialect: new PostgresDialect({ pool }) }),
      async end() {
        isOver = true;
        for (const wake of waiters.splice(0)) wake();
        for (const client of clients) if (!idleClients.includes(client)) drop(client);
        await Promise.all([...clients].map(reset));
      },
    };
  };
}

const taskOverError = () => new Error('its task is over: it has no database any more');

/** Runs `work` on the session. Returns false when it failed, or took longer than {@link resetWithinMs}. */
async function succeedsInTime(client: Client, work: () => Promise<void>): Promise<boolean> {
  if (!client._queryable) return false;
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), resetWithinMs);
  work().then(
    () => resolve(true),
    () => resolve(false),
  );
  return promise.finally(() => clearTimeout(timer));
}
