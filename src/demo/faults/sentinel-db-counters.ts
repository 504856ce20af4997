/** Faults that the counters of the database show: transactions that really fail, and its real size. */
import { randomInt } from 'node:crypto';
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';
import { before, day } from '../time.ts';
import { changeSettings, plantMemory } from './catalogue-bot.ts';
import type { Fault } from './fault.ts';
import { many } from '../many.ts';

/** Has the check remember the counters as they are now, so that it counts what happens from here on. */
async function rememberCounters(
  db: Db,
  now: Date,
  check: 'rollbacks' | 'deadlocks',
): Promise<void> {
  const { rows } = await sql<object>`
    SELECT stats_reset::text AS reset, blks_hit::float8 AS hit, blks_read::float8 AS read, xact_commit::float8 AS commits,
      xact_rollback::float8 AS rollbacks, deadlocks::float8 AS deadlocks
    FROM pg_stat_database WHERE datname = current_database()`.execute(db);
  const counters = { at: Math.floor(now.getTime() / 1_000), ...rows[0]! };
  const bot = 'sentinel-db';
  await plantMemory(db, { bot, check }, check === 'deadlocks' ? [counters] : counters);
}

/** Ends this many transactions in one session by a rollback: all of them, or one in twenty. */
const endTransactions = (db: Db, count: number, which: 'all' | 'few') =>
  db.connection().execute(async (session) => {
    const ending =
      which === 'all' ? 'ROLLBACK' : 'IF n % 20 = 0 THEN ROLLBACK; ELSE COMMIT; END IF';
    await sql
      .raw(`DO $$ BEGIN FOR n IN 1 .. ${count} LOOP ${ending}; END LOOP; END $$`)
      .execute(session);
    await countNow(session);
  });

/** Has the server count what this session did, and not up to ten seconds later. */
const countNow = (session: Db) => sql`SELECT pg_stat_force_next_flush()`.execute(session);

/**
 * The keys of two advisory locks that nothing else takes, other ones for each call: two commands at once would wait for each other's
 * transactions, which wait for their own second half, and PostgreSQL sees no deadlock in that.
 */
function newLocks(): [bigint, bigint] {
  const key = 2n * BigInt(randomInt(2 ** 47));
  return [key, key + 1n];
}

/** Two transactions that wait for each other, until PostgreSQL ends one of them: after a second, or at once for a superuser. */
async function deadlock(db: Db): Promise<void> {
  const transaction = (first: bigint, second: bigint, meet: () => Promise<void>) =>
    db.connection().execute(async (session) => {
      const ended = session.transaction().execute(async (trx) => {
        await sql`SELECT set_config('deadlock_timeout', '20ms', true) WHERE has_parameter_privilege('deadlock_timeout', 'SET')`.execute(
          trx,
        );
        await sql`SELECT pg_advisory_xact_lock(${first}::bigint)`.execute(trx);
        await meet();
        await sql`SELECT pg_advisory_xact_lock(${second}::bigint)`.execute(trx);
      });
      await ended.catch(ignoreDeadlock);
      await countNow(session);
    });
  const meet = meetingOf(2);
  const [oneLock, otherLock] = newLocks();
  await Promise.all([transaction(oneLock, otherLock, meet), transaction(otherLock, oneLock, meet)]);
}

/** The failure that is the fault: `deadlock_detected`. */
function ignoreDeadlock(error: { code?: string }): void {
  if (error.code !== '40P01') throw error;
}

/** A function whose promises resolve once it was called so often. */
function meetingOf(count: number): () => Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let waiting = 0;
  return () => {
    waiting += 1;
    if (waiting === count) resolve();
    return promise;
  };
}

const gigabyte = 1_024 ** 3;

/** Sets a limit of twice the size, and has the check remember that a week ago the database had this share of its present size. */
async function rememberSize(db: Db, now: Date, share: number): Promise<void> {
  const { rows } = await sql<{ size: number }>`
    SELECT pg_database_size(current_database())::float8 AS size`.execute(db);
  const { size } = rows[0]!;
  const week = many(7, (n): [second: number, bytes: number] => {
    const daysAgo = 7 - n;
    const then = size * (1 - ((1 - share) * daysAgo) / 7);
    return [Math.floor(before(now, daysAgo * day).getTime() / 1_000), Math.round(then)];
  });
  await changeSettings(db, 'sentinel-db', {
    max_size_gb: Math.ceil((2_000 * size) / gigabyte) / 1_000,
  });
  await plantMemory(db, { bot: 'sentinel-db', check: 'size' }, week);
}

export const sentinelDbCounterFaults: Fault[] = [
  {
    name: 'sentinel-db.rollbacks',
    title: 'Thousands of transactions are rolled back',
    plant: (db, now) => rememberCounters(db, now, 'rollbacks'),
    afterCommit: (db) => endTransactions(db, 20_000, 'all'),
    async lookalike(db, now) {
      // One in twenty: unique keys that are there already, and transactions that are tried again.
      await rememberCounters(db, now, 'rollbacks');
      await endTransactions(db, 2_000, 'few');
    },
  },
  {
    name: 'sentinel-db.deadlocks',
    title: 'Two transactions waited for each other, and one of them was ended',
    plant: (db, now) => rememberCounters(db, now, 'deadlocks'),
    afterCommit: deadlock,
    async lookalike(db, now) {
      // They take the same locks in the same order: the second waits, and gets them.
      await rememberCounters(db, now, 'deadlocks');
      const locks = newLocks();
      const inOrder = () =>
        db.transaction().execute(async (trx) => {
          for (const key of locks)
            await sql`SELECT pg_advisory_xact_lock(${key}::bigint)`.execute(trx);
        });
      await Promise.all([inOrder(), inOrder()]);
    },
  },
  {
    name: 'sentinel-db.size',
    title: 'The database doubled in a week, and reaches its limit in two more',
    plant: (db, now) => rememberSize(db, now, 0.5),
    // As near to its limit, and as large as a week ago.
    lookalike: (db, now) => rememberSize(db, now, 1),
  },
];
