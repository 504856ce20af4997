/** Collects the statistics of a table again; the planner bases its plans on them. */
import { defineRemedy, sql, z } from '../../src/bot.ts';
import type { RemedyContext } from '../../src/bot.ts';
import { targetTableName, targetTable } from '../target-table.ts';

const params = z.strictObject({ table: targetTable });

const readStatistics = async (table: string, { db }: RemedyContext) => {
  const { rows } = await sql`
    SELECT c.reltuples::float8 AS estimated_rows, c.relpages AS pages
    FROM pg_class c WHERE c.oid = ${`public.${table}`}::regclass`.execute(db);
  return rows[0];
};

export const analyzeTable = defineRemedy({
  name: 'db.analyze',
  title: 'Gather the statistics of a table anew',
  risk: 'safe',
  params,
  // Never "done already": only the check knows whether the statistics are too old.
  isDone: async () => false,
  async apply(params, context) {
    const table = targetTableName(params, context);
    const before = await readStatistics(table, context);
    await sql`ANALYZE ${sql.table(`public.${table}`)}`.execute(context.db);
    return { summary: `analyzed ${table}`, before, after: await readStatistics(table, context) };
  },
});
