/** Users for tests of the data layer. */
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import type { Db } from '../../src/database/connect.ts';

/** A user with a profile; the address says which id it is unless told. */
export async function addUser(db: Db, email?: string): Promise<string> {
  const id = randomUUID();
  const address = email ?? `${id}@people.test`;
  await sql`INSERT INTO auth.users (id, email) VALUES (${id}, ${address})`.execute(db);
  await db.insertInto('profiles').values({ id, email: address }).execute();
  return id;
}
