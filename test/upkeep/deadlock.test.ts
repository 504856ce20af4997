/** What becomes of a statement of the job `maintenance` whose session the server ends a deadlock with. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { Sessions, type Ended } from '../../src/upkeep/sessions.ts';
import { aDatabase, session } from './scene.ts';

test('a deadlock, and a session that the server ends, are not failures of the table', async () => {
  const { db, url, name } = await aDatabase();
  await sql`CREATE TABLE mine (id int)`.execute(db);
  await sql`CREATE TABLE theirs (id int)`.execute(db);
  const other = await session(url);
  // The session that begins to wait last looks for deadlocks, after this time.
  await sql`ALTER DATABASE ${sql.id(name)} SET deadlock_timeout = '10ms'`.execute(db);
  const open = () =>
    Sessions.open(url, {
      until: performance.now() + 60_000,
      signal: new AbortController().signal,
      isAllowed: async () => true,
    });
  const isHeld = async () => {
    const { rows } = await sql`SELECT FROM pg_locks WHERE granted AND mode = 'AccessExclusiveLock'
      AND relation = 'mine'::regclass`.execute(db);
    return rows.length === 1;
  };
  const sessions = await open();
  let ended: Ended;
  do {
    await other.query('BEGIN; LOCK TABLE theirs');
    const working = sessions.carryOut({
      sql: `DO $$ BEGIN
          LOCK TABLE mine;
          WHILE NOT EXISTS (SELECT FROM pg_locks WHERE relation = 'mine'::regclass AND NOT granted) LOOP PERFORM pg_sleep(0.005); END LOOP;
          LOCK TABLE theirs;
        END $$`,
      lockTimeoutMs: 30_000,
    });
    await expect.poll(isHeld, { interval: 5 }).toBe(true);
    const waiting = other.query('LOCK TABLE mine');
    ended = await working;
    await waiting;
    await other.query('ROLLBACK');
    // It looks twice a second whether another session waits, and may have looked in just this moment.
  } while (ended.outcome === 'yielded');
  expect(ended.outcome).toBe('locked');
  await sessions.close();

  const lost = await open();
  const sleeping = lost.carryOut({ sql: 'SELECT pg_sleep(60)', lockTimeoutMs: 1_000 });
  const end = () =>
    sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND query = 'SELECT pg_sleep(60)'`
      .execute(db)
      .then(({ rows }) => rows.length);
  const thrown = expect(sleeping).rejects.toThrow(/terminat|connection/i);
  await expect.poll(end).toBe(1);
  await thrown;
  await lost.close();
}, 60_000);
