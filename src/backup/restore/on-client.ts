import { Kysely, PostgresDialect } from 'kysely';
import type pg from 'pg';
import type { Database } from '../../database/connect.ts';

/** Kysely on this client alone: its transaction is the one in which the client restores. */
export function onClient(client: pg.ClientBase): Kysely<Database> {
  const lent = { query: client.query.bind(client), release: () => {} };
  const one = { connect: () => Promise.resolve(lent), end: () => Promise.resolve() };
  return new Kysely<Database>({
    dialect: new PostgresDialect({ pool: one as unknown as pg.Pool }),
  });
}
