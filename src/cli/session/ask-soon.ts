/** A question to the database whose answer is not needed: it is asked only of one that answers at once. */
import type { Db } from '../../database/connect.ts';
import { settlesWithin } from '../../ground/settles-within.ts';

/** A person has pressed Tab and waits. */
const maxWaitMs = 300;

/**
 * What `ask` reads of the database that the configuration names; `otherwise` where that takes longer than 300 ms or fails. It
 * never starts the embedded database, and prints nothing. A connection that does not open in time stays behind: the process
 * has to be ended.
 */
export async function askSoon<Value>(
  ask: (db: Db) => Promise<Value>,
  otherwise: Value,
): Promise<Value> {
  try {
    const db = await runningDatabase();
    if (db === null) return otherwise;
    let found = otherwise;
    await settlesWithin(
      maxWaitMs,
      ask(db).then((value) => (found = value)),
    );
    void db.destroy().catch(() => {});
    return found;
  } catch {
    return otherwise;
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
