/** Writes rows that the schema guards against, as faults and the fictional platform need them. */
import { sql, type Transaction } from 'kysely';
import type { Database, Db } from '../database/connect.ts';
import { inTransaction } from '../database/transaction.ts';

/**
 * Writes rows that the tables' triggers would refuse or complete, as a bad restore does. Only the owner of the tables may do
 * this. No other session can write to them until the transaction ends.
 */
export const withoutTriggers = <Result>(
  db: Db,
  tables: readonly string[],
  write: (trx: Transaction<Database>) => Promise<Result>,
): Promise<Result> =>
  inTransaction(db, async (trx) => {
    const alter = async (action: 'DISABLE' | 'ENABLE') => {
      for (const table of tables)
        await sql`ALTER TABLE ${sql.table(table)} ${sql.raw(action)} TRIGGER USER`.execute(trx);
    };
    await alter('DISABLE');
    const result = await write(trx);
    await alter('ENABLE');
    return result;
  });

/** Writes rows that a CHECK of the table would refuse: a database that was adopted may have such rows. */
export const withoutCheck = (
  db: Db,
  table: string,
  constraint: string,
  write: (trx: Transaction<Database>) => Promise<unknown>,
): Promise<void> =>
  inTransaction(db, async (trx) => {
    const { rows } = await sql<{ definition: string }>`
      SELECT pg_get_constraintdef(oid) AS definition FROM pg_constraint
      WHERE conname = ${constraint} AND conrelid = ${table}::regclass`.execute(trx);
    const [check] = rows;
    if (check)
      await sql`ALTER TABLE ${sql.table(table)} DROP CONSTRAINT ${sql.ref(constraint)}`.execute(
        trx,
      );
    await write(trx);
    if (!check) return;
    const definition = check.definition.replace(/( NOT VALID)?$/, ' NOT VALID');
    await sql`
      ALTER TABLE ${sql.table(table)} ADD CONSTRAINT ${sql.ref(constraint)} ${sql.raw(definition)}`.execute(
      trx,
    );
  });
