/** Removes dead rows from a table. VACUUM cannot run in a transaction, so its outcome is recorded afterwards. */
import { defineRemedy, sql, z } from '../../src/bot.ts';
import type { RemedyContext } from '../../src/bot.ts';
import { targetTableName, targetTable } from '../target-table.ts';

const params = z.strictObject({ table: targetTable });

const countRows = async (table: string, { db }: RemedyContext) => {
  const { rows } = await sql`
    SELECT n_live_tup::float8 AS live_rows, n_dead_tup::float8 AS dead_rows, last_vacuum
    FROM pg_stat_user_tables WHERE relid = ${`public.${table}`}::regclass`.execute(db);
  return rows[0];
};

export const vacuumTable = defineRemedy({
  name: 'db.vacuum',
  title: 'Clear dead rows out of a table',
  risk: 'safe',
  outside: true,
  params,
  // Whether it was done is not asked: to repeat a VACUUM does no harm.
  isDone: async () => false,
  async apply(params, context) {
    const table = targetTableName(params, context);
    const before = await countRows(table, context);
    // It may take longer than other statements: only the run's deadline limits it.
    await context.db.connection().execute(async (one) => {
      const { rows } = await sql<{ limit: string }>`
        SELECT current_setting('statement_timeout') AS limit`.execute(one);
      await sql`SET statement_timeout = 0`.execute(one);
      try {
        await sql`VACUUM ${sql.table(`public.${table}`)}`.execute(one);
      } finally {
        await sql`SELECT set_config('statement_timeout', ${rows[0]!.limit}, false)`.execute(one);
      }
    });
    return { summary: `vacuumed ${table}`, before, after: await countRows(table, context) };
  },
});
