/** Reports the bots that fail a check of a state; for checks that count runs see runs.ts. */
import { sql } from '../../src/bot.ts';
import type { CheckContext, CheckResult, Figure, ReportedFinding } from '../../src/bot.ts';
import type { Config } from './config.ts';

/** The endpoints of a bot that runs the conductor, whatever the bot is called. */
export const ownEndpoints = ['/api/bots/conductor', 'bot:conductor'];

/** `query` reads the bots that fail the check, the worst first. `figures` gets how many bots fail and how many there are. */
export async function report<Row>(
  query: ReturnType<typeof sql<Row>>,
  { max_findings: max }: Pick<Config, 'max_findings'>,
  { db }: CheckContext,
  finding: (row: Row) => ReportedFinding,
  figures: (found: Row[], bots: number) => Figure[],
): Promise<CheckResult> {
  const { rows } = await sql<Row>`${query} LIMIT ${max + 1}`.execute(db);
  const { rows: bots } = await sql<{ count: number }>`SELECT count(*)::int FROM bots`.execute(db);
  const count = bots[0]?.count ?? 0;
  return {
    // All bots: a bot that is paused, disabled or deleted by now no longer has such a problem.
    examined: { count, except: [] },
    findings: rows.slice(0, max).map(finding),
    figures: figures(rows.slice(0, max), count),
    truncated: rows.length > max,
  };
}
