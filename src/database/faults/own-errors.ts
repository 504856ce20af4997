/**
 * Which errors were thrown by our own connections to PostgreSQL. `ECONNRESET` says that a socket was lost and not
 * whose: a remedy that calls another system may meet it as well.
 */
import type { PostgresPool } from 'kysely';
import type pg from 'pg';
import { inFailedTransaction, readOnly, stateOf } from './sql-states.ts';

/** connecting: the session never began, so that no statement can have caused the error */
export type Stage = 'connecting' | 'asking';

const stages = new WeakMap<object, Stage>();

const isObject = (error: unknown): error is object => typeof error === 'object' && error !== null;

function remember(error: unknown, stage: Stage): void {
  if (isObject(error)) stages.set(error, stage);
}

/** Where one of our connections met this error; null when it comes from somewhere else. */
export const stageOf = (error: unknown): Stage | null =>
  isObject(error) ? (stages.get(error) ?? null) : null;

/** Writes that a session was opened to refuse. */
const ownDoing = new WeakSet<object>();

/** Whether a statement tried what its session is there to refuse: its own doing, whatever the code says. */
export const isOwnDoing = (error: unknown): boolean => isObject(error) && ownDoing.has(error);

const watched = new WeakSet<pg.ClientBase>();

/** What pg keeps in its clients and its types do not tell: as the server said last. */
interface Inside {
  getTransactionStatus(): 'I' | 'T' | 'E' | null;
}

/**
 * Remembers what the statements of a connection fail with. The first error of a transaction becomes the cause of
 * those that follow in it, until a statement succeeds: where a caller has caught it and gone on, PostgreSQL only
 * repeats that the transaction has failed; and where the session was lost, a ROLLBACK, whose error Kysely throws in
 * its place, only finds that out.
 */
function watch(client: pg.ClientBase, refusesWrites: boolean): void {
  if (watched.has(client)) return;
  watched.add(client);
  let first: unknown = null;
  const query = client.query.bind(client) as (...args: unknown[]) => unknown;
  const watchedQuery = (...args: unknown[]): unknown => {
    const answer = query(...args);
    if (answer instanceof Promise)
      answer.then(
        () => (first = null),
        (error: unknown) => {
          remember(error, 'asking');
          const code = stateOf(error);
          if (refusesWrites && code === readOnly) ownDoing.add(error as object);
          if (first === null) {
            // A COMMIT that failed has ended it, and outside of one there is nothing to roll back.
            const within = (client as unknown as Inside).getTransactionStatus() !== 'I';
            if (within && code !== inFailedTransaction) first = error;
          } else if (error instanceof Error && error !== first) error.cause ??= first;
        },
      );
    return answer;
  };
  client.query = watchedQuery as typeof client.query;
}

/** The same pool for Kysely, whose errors {@link stageOf} knows. `refusesWrites`: its sessions are there to. */
export const rememberErrors = (pool: pg.Pool, refusesWrites: boolean): PostgresPool => ({
  options: pool.options,
  end: () => pool.end(),
  async connect() {
    try {
      const client = await pool.connect();
      watch(client, refusesWrites);
      return client;
    } catch (error) {
      remember(error, 'connecting');
      throw error;
    }
  },
});
