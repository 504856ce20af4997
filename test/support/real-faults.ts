/** Makes real faults of a real PostgreSQL, from outside of the transaction that meets them. */
import { sql, type Kysely } from 'kysely';
import type { Database, Db } from '../../src/database/connect.ts';

type Session = Kysely<Database>;

/** Makes a fault that the transaction of `session` meets; `db` is another connection to the same database. */
export type MakeFault = (session: Session, db: Db) => Promise<unknown>;

const pidOf = async (session: Session): Promise<number> => {
  const { rows } = await sql<{ pid: number }>`SELECT pg_backend_pid() AS pid`.execute(session);
  return rows[0]!.pid;
};

const isGone = async (db: Db, pid: number): Promise<boolean> => {
  const { rows } = await sql`SELECT FROM pg_stat_activity WHERE pid = ${pid}`.execute(db);
  return rows.length === 0;
};

/** Ends the session from another one, as an operator, a failover or a storm does, and waits until it is gone. */
export async function endSession(session: Session, db: Db): Promise<void> {
  const pid = await pidOf(session);
  await sql`SELECT pg_terminate_backend(${pid})`.execute(db);
  while (!(await isGone(db, pid)));
}

/** Makes a table with two rows, for which transactions can compete. */
const makeTable = (db: Db) =>
  sql`
    CREATE TABLE IF NOT EXISTS engine.contended (id int PRIMARY KEY, n int NOT NULL DEFAULT 0)`
    .execute(db)
    .then(() =>
      sql`INSERT INTO engine.contended VALUES (1), (2) ON CONFLICT DO NOTHING`.execute(db),
    );

const touch = (session: Session, id: number) =>
  sql`UPDATE engine.contended SET n = n + 1 WHERE id = ${id}`.execute(session);

/** Locks the first row in a transaction of its own for as long as `work` takes. */
async function whileFirstIsLocked<Result>(db: Db, work: () => Promise<Result>): Promise<Result> {
  await makeTable(db);
  const holds = Promise.withResolvers<void>();
  const over = Promise.withResolvers<void>();
  const holder = db.transaction().execute(async (trx) => {
    await touch(trx, 1);
    holds.resolve();
    await over.promise;
  });
  try {
    await holds.promise;
    return await work();
  } finally {
    over.resolve();
    await holder;
  }
}

/** Whether this session waits for a lock. */
const isWaiting = async (db: Db, pid: number): Promise<boolean> => {
  const { rows } = await sql`
    SELECT FROM pg_stat_activity WHERE pid = ${pid} AND wait_event_type = 'Lock'`.execute(db);
  return rows.length > 0;
};

const deadlock: MakeFault = async (session, db) => {
  await makeTable(db);
  // PostgreSQL ends the transaction whose deadlock_timeout ends first.
  await sql`SET LOCAL deadlock_timeout = '50ms'`.execute(session);
  await touch(session, 1);
  const pid = Promise.withResolvers<number>();
  const rival = db.transaction().execute(async (trx) => {
    await sql`SET LOCAL deadlock_timeout = '1h'`.execute(trx);
    await touch(trx, 2);
    pid.resolve(await pidOf(trx));
    await touch(trx, 1);
  });
  try {
    const waiting = await pid.promise;
    while (!(await isWaiting(db, waiting)));
    await touch(session, 2);
  } finally {
    // The rival goes on when the session has ended its transaction, which is after this function.
    rival.catch(() => {});
  }
};

export const faults = {
  'its session was ended': async (session, db) => {
    await endSession(session, db);
    await sql`SELECT 1`.execute(session);
  },
  'its session was ended in the middle of a statement': async (session, db) => {
    const pid = await pidOf(session);
    const asleep = sql`SELECT pg_sleep(60)`.execute(session);
    const ended = sql`SELECT pg_terminate_backend(${pid})`.execute(db);
    await Promise.all([asleep, ended]);
  },
  'it was the victim of a deadlock': deadlock,
  'a lock was not free in time': (session, db) =>
    whileFirstIsLocked(db, async () => {
      await sql`SET LOCAL lock_timeout = '50ms'`.execute(session);
      await touch(session, 1);
    }),
  'a statement took too long': async (session) => {
    await sql`SET LOCAL statement_timeout = '50ms'`.execute(session);
    await sql`SELECT pg_sleep(60)`.execute(session);
  },
  'an operator cancelled its statement': async (session, db) => {
    const pid = await pidOf(session);
    const asleep = sql`SELECT pg_sleep(60)`.execute(session);
    asleep.catch(() => {});
    const isAsleep = async () =>
      (
        await sql`SELECT FROM pg_stat_activity WHERE pid = ${pid} AND wait_event = 'PgSleep'`.execute(
          db,
        )
      ).rows.length > 0;
    while (!(await isAsleep()));
    await sql`SELECT pg_cancel_backend(${pid})`.execute(db);
    await asleep;
  },
  'it sat idle in its transaction': async (session, db) => {
    await sql`SET LOCAL idle_in_transaction_session_timeout = '50ms'`.execute(session);
    const pid = await pidOf(session);
    while (!(await isGone(db, pid)));
    await sql`SELECT 1`.execute(session);
  },
  'it was the victim of a deadlock, caught it and went on': async (session, db) => {
    await deadlock(session, db).catch(() => {});
    await sql`SELECT 1`.execute(session);
  },
} satisfies Record<string, MakeFault>;

/** Ends each of the next `times` sessions that change a row of bot_actions, during the change. */
export async function endsNextRecord(db: Db, times: number): Promise<void> {
  await sql`CREATE SEQUENCE engine.records`.execute(db);
  await sql`
    CREATE FUNCTION engine.end_record() RETURNS trigger LANGUAGE plpgsql AS ${sql.lit(`
    BEGIN
      IF nextval('engine.records') <= ${times} THEN
        PERFORM pg_terminate_backend(pg_backend_pid());
        PERFORM pg_sleep(60);
      END IF;
      RETURN NEW;
    END`)}`.execute(db);
  await sql`
    CREATE TRIGGER end_record BEFORE UPDATE ON bot_actions
    FOR EACH ROW EXECUTE FUNCTION engine.end_record()`.execute(db);
}
