/** Triggers that are switched off. */
import { sql } from '../../src/bot.ts';
import type { CheckContext, CheckResult } from '../../src/bot.ts';
import type { Config } from './config.ts';
import { isOfUsers, nameOf, reportList } from './report.ts';

interface Disabled {
  table: string;
  name: string;
  /** a trigger of a foreign key: the key is not enforced */
  enforces: boolean;
  count: number;
}

export async function findDisabledTriggers(
  config: Config,
  { db }: CheckContext,
): Promise<CheckResult> {
  const { rows } = await sql<Disabled>`
    SELECT total.count, found.* FROM (SELECT count(*)::int AS count FROM pg_trigger) total LEFT JOIN LATERAL (
      SELECT DISTINCT ${nameOf('n.nspname', 'c.relname')} AS "table", coalesce(k.conname, g.tgname) AS name,
        g.tgisinternal AS enforces
      FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN pg_constraint k ON k.oid = g.tgconstraint AND k.contype = 'f'
      WHERE g.tgenabled = 'D' AND g.tgparentid = 0 AND ${isOfUsers('n.nspname')} AND n.nspname <> ALL (${config.ignored_schemas}::text[])
        AND (NOT g.tgisinternal OR k.oid IS NOT NULL)
      ORDER BY enforces DESC, "table", name LIMIT ${config.max_findings + 1}
    ) found ON true ORDER BY found.enforces DESC, found."table", found.name`.execute(db);
  const found = rows.filter(({ name }) => name !== null);
  return reportList(
    found,
    config,
    ({ table: component, name, enforces }) => ({
      severity: enforces ? 'high' : 'medium',
      title: enforces
        ? `Disabled foreign key ${name} of ${component}: rows are not checked against it`
        : `Disabled trigger ${name} of ${component}: it does not run`,
      description: 'ALTER TABLE … DISABLE TRIGGER was not followed by ENABLE TRIGGER.',
      component,
      key: `${component}.${name}`,
      metadata: { trigger: name },
    }),
    {
      count: rows[0]!.count,
      figures: [
        { name: 'triggers', value: rows[0]!.count },
        { name: 'disabled triggers', value: found.length },
      ],
    },
  );
}
