/** Extensions whose functions and tables clients reach. */
import { sql } from '../../src/bot.ts';
import type { CheckContext, CheckResult } from '../../src/bot.ts';
import type { Config } from './config.ts';
import { reportProblems, maxProblems } from './report.ts';
import { requireSchemas } from './users.ts';

export async function findExposedExtensions(
  config: Config,
  context: CheckContext,
): Promise<CheckResult> {
  await requireSchemas(config, context);
  const { rows } = await sql<{ name: string; schema: string; movable: boolean; exposed: boolean }>`
    SELECT quote_ident(e.extname) AS name, quote_ident(n.nspname) AS schema, e.extrelocatable AS movable,
      n.nspname = ANY (${config.schemas}::text[]) AS exposed
    FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
    ORDER BY e.extname LIMIT ${maxProblems}`.execute(context.db);
  return reportProblems('extensions', config, context, {
    examined: rows.length,
    problems: rows
      .filter(({ exposed }) => exposed)
      .map(({ name, schema, movable }) => ({
        object: name,
        severity: 'low',
        title: `Extension is in a schema that clients reach: ${name} in ${schema}`,
        description:
          'Its functions can be called through the API, and its names may be confused with those of the platform. ' +
          (movable
            ? 'The search_path of roles that use it without its schema then has to name the schema extensions.'
            : 'It cannot be moved: it would have to be dropped and created anew in schema extensions, with all that depends on it. ' +
              'If that is too much work, waive the finding.'),
        sql: movable
          ? [
              'CREATE SCHEMA IF NOT EXISTS extensions;',
              `ALTER EXTENSION ${name} SET SCHEMA extensions;`,
            ]
          : [],
        metadata: { schema, relocatable: movable },
      })),
  });
}
