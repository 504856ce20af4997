/**
 * Which errors came from Roundsman's own connections to PostgreSQL. `ECONNRESET` says that a socket was lost, but not
 * which one: a remedy that calls another system may get it as well.
 */
import type { PostgresPool } from 'kysely';
import type pg from 'pg';
import { inFailedTransaction, readOnlyState, stateOf } from './sql-states.ts';

/** connecting: the session never began, so that no statement can have caused the error */
export type Stage = 'connecting' | 'querying';

const stages = new WeakMap<object, Stage>();

const isObject = (error: unknown): error is object => typeof error === 'object' && error !== null;

function rememberStage(error: unknown, stage: Stage): void {
  if (isObject(error)) stages.set(error, stage);
}

/** The stage at which one of these connections met this error; null when the error comes from somewhere else. */
export const stageOf = (error: unknown): Stage | null =>
  isObject(error) ? (stages.get(error) ?? null) : null;

/** Errors of writes in sessions that were opened to refuse writes. */
const forbiddenWrites = new WeakSet<object>();

/**
 * Whether a statement tried to write in a session that refuses writes: then the statement is to blame, whatever the
 * code says.
 */
export const isForbiddenWrite = (error: unknown): boolean =>
  isObject(error) && forbiddenWrites.has(error);

const watched = new WeakSet<pg.ClientBase>();

/** What pg keeps in its clients but does not show in its types: the status that the server reported last. */
interface PgInternals {
  getTransactionStatus(): 'I' | 'T' | 'E' | null;
}

/**
 * Remembers the errors of a connection's statements. Until a statement succeeds, the first error of a transaction
 * becomes the cause of the later ones: if a caller caught it and went on, PostgreSQL only repeats that the
 * transaction has failed; and if the session was lost, the ROLLBACK fails only for that reason, and Kysely throws its
 * error in place of the first.
 */
function watchErrors(client: pg.ClientBase, refusesWrites: boolean): void {
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
          rememberStage(error, 'querying');
          const code = stateOf(error);
          if (refusesWrites && code === readOnlyState) forbiddenWrites.add(error as object);
          if (first === null) {
            // A failed COMMIT has ended the transaction, and outside of a transaction there is nothing to roll back.
            const isInTransaction =
              (client as unknown as PgInternals).getTransactionStatus() !== 'I';
            if (isInTransaction && code !== inFailedTransaction) first = error;
          } else if (error instanceof Error && error !== first) error.cause ??= first;
        },
      );
    return answer;
  };
  client.query = watchedQuery as typeof client.query;
}

/**
 * Wraps a pool for Kysely, so that {@link stageOf} knows the errors of its connections. `refusesWrites`: the sessions of
 * the pool are opened to refuse writes.
 */
export const rememberErrors = (pool: pg.Pool, refusesWrites: boolean): PostgresPool => ({
  options: pool.options,
  end: () => pool.end(),
  async connect() {
    try {
      const client = await pool.connect();
      watchErrors(client, refusesWrites);
      return client;
    } catch (error) {
      rememberStage(error, 'connecting');
      throw error;
    }
  },
});
