/** Clocks of a database that a test can move: the engine reads the time only from engine.now(). */
import { sql } from 'kysely';
import type { Db } from '../../src/database/connect.ts';

/**
 * Makes engine.now() a clock that a test can move in this database; it goes on running. The returned function moves it
 * forward by so many seconds.
 */
export async function movableClock(db: Db): Promise<(seconds: number) => Promise<void>> {
  await sql`CREATE TABLE engine.clock AS SELECT interval '0' AS shift`.execute(db);
  await sql`
    CREATE OR REPLACE FUNCTION engine.now() RETURNS timestamptz LANGUAGE sql STABLE
    RETURN pg_catalog.statement_timestamp() + (SELECT shift FROM engine.clock)`.execute(db);
  return async (seconds) => {
    await sql`UPDATE engine.clock SET shift = shift + make_interval(secs => ${seconds})`.execute(
      db,
    );
  };
}

/** Makes engine.now() a clock that stands still. The returned function sets it to another time. */
export async function stillClock(db: Db, start: string): Promise<(time: string) => Promise<void>> {
  await sql`CREATE TABLE engine.clock AS SELECT ${start}::timestamptz AS time`.execute(db);
  await sql`
    CREATE OR REPLACE FUNCTION engine.now() RETURNS timestamptz LANGUAGE sql STABLE
    RETURN (SELECT time FROM engine.clock)`.execute(db);
  return async (time) => {
    await sql`UPDATE engine.clock SET time = ${time}::timestamptz`.execute(db);
  };
}
