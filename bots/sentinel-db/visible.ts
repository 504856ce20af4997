/** Whether checks see other sessions: without the right, problems that they cannot see would look like health. */
import { sql } from '../../src/bot.ts';
import type { CheckContext, CheckResult } from '../../src/bot.ts';
import type { Config } from './config.ts';
import { category } from './report.ts';
import { howToSee, seesOthers } from './rights.ts';

export async function findHidden(_: Config, context: CheckContext): Promise<CheckResult> {
  const sees = await seesOthers(context);
  const { rows } = await sql<{ hidden: number }>`
    SELECT count(*)::int AS hidden FROM pg_stat_activity
    WHERE query = '<insufficient privilege>'`.execute(context.db);
  return {
    examined: ['sessions'],
    figures: [{ name: 'sessions whose state is hidden', value: rows[0]!.hidden }],
    findings: sees
      ? []
      : [
          {
            severity: 'low',
            category,
            title: 'Checks may not see what sessions of other roles do',
            description: `A superuser has to run: ${await howToSee(context)}. Until then, the age of a transaction counts from the run that first saw it, and slow statements and idle transactions are not judged.`,
            component: 'sessions',
          },
        ],
  };
}
