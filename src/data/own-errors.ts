/**
 * Which errors were thrown by our own connections to PostgreSQL. `ECONNRESET` says that a socket was lost and not
 * whose: a remedy that calls another system may meet it as well.
 */
import type { PostgresPool } from 'kysely';
import type pg from 'pg';

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

/** The transaction may do nothing more, because an earlier statement of it failed. */
const inFailedTransaction = '25P02';
const readOnly = '25006';

const codeOf = (error: unknown): unknown =>
  isObject(error) ? (error as { code?: unknown }).code : null;

/** Sessions that refused to write. */
const refusing = new WeakSet<pg.ClientBase>();
const watched = new WeakSet<pg.ClientBase>();

/**
 * Remembers what the statements of a connection fail with. Where a caller has caught the first error of a
 * transaction and gone on, PostgreSQL only repeats that the transaction has failed: then the first error becomes
 * the cause of the repeated one.
 */
function watch(client: pg.ClientBase): void {
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
          const code = codeOf(error);
          if (code === readOnly) refusing.add(client);
          if (code !== inFailedTransaction) first = error;
          else if (error instanceof Error) error.cause ??= first;
        },
      );
    return answer;
  };
  client.query = watchedQuery as typeof client.query;
}

/**
 * The same pool for Kysely, whose errors {@link stageOf} knows. A session that refused to write is not used again:
 * it keeps the setting with which it began, also after the database takes writes again.
 */
export const rememberErrors = (pool: pg.Pool): PostgresPool => ({
  options: pool.options,
  end: () => pool.end(),
  async connect() {
    try {
      const client = await pool.connect();
      watch(client);
      const release = client.release.bind(client);
      client.release = (destroy) => release(destroy || refusing.has(client));
      return client;
    } catch (error) {
      remember(error, 'connecting');
      throw error;
    }
  },
});
