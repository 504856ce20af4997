/** Reads from the database what is useful and not necessary: gives up where the answer does not come at once. */
import type { Db } from '../../database/connect.ts';
import { settlesWithin } from '../../ground/settles-within.ts';

/** A person who has pressed Tab waits for this long. */
const maxWaitMs = 300;

/**
 * What `ask` reads from the database that the configuration names; `fallback` where that takes longer than 300 ms or fails. It
 * never starts the embedded database, and prints nothing. A connection that does not open in time stays behind: the process
 * has to be ended.
 */
export async function askSoon<Value>(
  ask: (db: Db) => Promise<Value>,
  fallback: Value,
): Promise<Value> {
  try {
    const db = await runningDatabase();
    if (db === null) return fallback;
    let found = fallback;
    await settlesWithin(
      maxWaitMs,
      ask(db).then((value) => (found = value)),
    );
    void db.destroy().catch(() => {});
    return found;
  } catch {
    return fallback;
  }
}

/** The database that runs, to which no connection is open yet; null where the embedded one does not run. */
async function runningDatabase(): Promise<Db | null> {
  const [{ readConfig }, { connect }, { runningUrl }] = await Promise.all([
    import('../../config.ts'),
    import('../../database/connect.ts'),
    import('../../database/embedded/running.ts'),
  ]);
  const config = readConfig();
  const url = config.databaseUrl ?? runningUrl(config.home);
  if (url === null) return null;
  return connect(url, {
    name: 'roundsman completion',
    max: 1,
    asService: true,
    statementTimeoutMs: maxWaitMs,
    idleUnreferenced: true,
  });
}
