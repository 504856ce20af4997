/** The plan of a call that was too slow. */
import { CompiledQuery, Kysely, PostgresDialect, type LogEvent, type Transaction } from 'kysely';
import type { Database, Db } from '../../src/database/connect.ts';

/** Runs a call's work in one transaction of `db`, under the role and claims that it was measured with. */
export type Under = <Result>(
  db: Db,
  work: (trx: Transaction<Database>) => Promise<Result>,
) => Promise<Result>;

/**
 * Makes a call once more, and explains the statement of it that took longest with the parameters that
 * it had, in the same transaction. Nobody listens to the calls that are measured: this one is made
 * over a Kysely of its own.
 */
export async function planOfSlowest(
  pool: ConstructorParameters<typeof PostgresDialect>[0]['pool'],
  under: Under,
  call: (trx: Transaction<Database>) => Promise<unknown>,
): Promise<string> {
  const heard: LogEvent[] = [];
  const listening = new Kysely<Database>({
    dialect: new PostgresDialect({ pool }),
    log: (event) => void heard.push(event),
  });
  return under(listening, async (trx) => {
    heard.length = 0; // The transaction's own beginning is not the call's.
    await call(trx);
    const slowest = heard.reduce((a, b) => (b.queryDurationMillis > a.queryDurationMillis ? b : a));
    const { sql: text, parameters } = slowest.query;
    const explained = await trx.executeQuery<{ 'QUERY PLAN': string }>(
      CompiledQuery.raw(`EXPLAIN (ANALYZE, BUFFERS) ${text}`, [...parameters]),
    );
    return [
      text.trim(),
      `parameters: ${JSON.stringify(parameters)}`,
      ...explained.rows.map((row) => row['QUERY PLAN']),
    ].join('\n');
  });
}
