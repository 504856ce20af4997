import type pg from 'pg';
import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type RawBuilder,
} from 'kysely';
import type { Database } from '../database/connect.ts';

/** SQL with `$1`, `$2` … as its parameters. A connection prepares it once, under its name. */
export interface Statement<Row> {
  name: string;
  text: string;
  /** never set: it carries the type of the rows */
  rows?: Row[];
}

const compiler = new Kysely<Database>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
});

/** Compiles the query. Call it when the module is loaded, so that a flush only has to send the text. */
export const statement = <Row>(name: string, query: RawBuilder<Row>): Statement<Row> => ({
  name,
  text: query.compile(compiler).sql,
});

/** Sends a statement and returns its rows. The connection prepares the statement the first time. */
export const send = async <Row>(
  client: pg.ClientBase,
  { name, text }: Statement<Row>,
  values: unknown[],
): Promise<Row[]> => (await client.query({ name, text, values })).rows as Row[];
