/** Transactions that a rebuild of an index would have to wait for. */
import type { Sessions } from './sessions.ts';

interface Open {
  /** the virtual id of the transaction: it is not used again */
  id: string;
  /** for how long it has been open; null where the server hides that from this login */
  seconds: number | null;
}

/**
 * Every role sees the lock of each open transaction on its own virtual id. VACUUM and the like, known by their lock, are left out:
 * REINDEX CONCURRENTLY does not wait for them. A prepared transaction waits for a person.
 */
const readOpen = `
  SELECT l.pid || ':' || l.virtualxid AS id, extract(epoch FROM now() - a.xact_start)::float8 AS seconds
  FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
  WHERE l.locktype = 'virtualxid' AND l.granted AND l.virtualtransaction = l.virtualxid AND l.pid <> ALL ($1::int[])
    AND a.datname = current_database() AND coalesce(a.backend_type, 'client backend') = 'client backend'
    AND NOT EXISTS (SELECT FROM pg_locks v WHERE v.pid = l.pid AND v.locktype = 'relation' AND v.granted
                    AND v.mode = 'ShareUpdateExclusiveLock')
  UNION ALL
  SELECT 'prepared ' || gid, extract(epoch FROM now() - prepared)::float8 FROM pg_prepared_xacts WHERE database = current_database()`;

/** Remembers when it first saw each transaction, because the server may hide its age. */
export class LongTransactions {
  readonly #firstSeen = new Map<string, number>();
  readonly #sessions: Sessions;
  readonly #longSeconds: number;

  constructor(sessions: Sessions, longSeconds: number) {
    this.#sessions = sessions;
    this.#longSeconds = longSeconds;
  }

  /** How many transactions have been open for long, as far as that can be seen. */
  async count(): Promise<number> {
    const pids = await this.#sessions.pids();
    const { rows } = await this.#sessions.worker.query<Open>(readOpen, [pids]);
    const now = performance.now();
    return rows.filter(({ id, seconds }) => {
      const seen = this.#firstSeen.get(id) ?? now;
      this.#firstSeen.set(id, seen);
      return Math.max(seconds ?? 0, (now - seen) / 1_000) >= this.#longSeconds;
    }).length;
  }
}
