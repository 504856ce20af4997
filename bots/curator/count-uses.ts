/** Counts uses of apps or tools: which of them are wrong, and what was counted for each key that is asked about. */
import { sql } from '../../src/bot.ts';
import type { EventContext, EventResult, ReportedFinding } from '../../src/bot.ts';
import { countEvents, type Counted, type Question } from '../parts/count-events.ts';
import { aboutKey, type Kind } from './kinds.ts';

/** SQL for the active apps or tools that the check is asked about; `start` is the time from which on the uses of each count. */
export const askedAbout = ({ active }: Kind, { from, only }: EventContext) => sql`
  SELECT a.*, coalesce(starts."from", ${from}::timestamptz) AS start
  FROM (${active}) a LEFT JOIN starts ON starts.key = a.key
  WHERE ${only ? sql`a.key = ANY (${only}::text[])` : sql`true`}`;

/** Reports the apps or tools for which `wrong` is true, the ones with the largest share of bad uses first. */
export const reportUses = <Row extends Counted>(
  { noun }: Kind,
  question: Pick<Question, 'counted' | 'wrong' | 'max'>,
  context: EventContext,
  finding: (
    row: Row,
    component: string,
  ) => Pick<ReportedFinding, 'severity' | 'title' | 'description' | 'metadata'>,
): Promise<EventResult> =>
  countEvents<Row>(
    context,
    {
      ...question,
      worst: sql`1.0 * bad / "of" DESC, bad DESC`,
      figures: ({ keys }) => [{ name: `${noun.toLowerCase()}s used in the window`, value: keys }],
    },
    (row) => {
      const { component } = aboutKey(row.key);
      return Object.assign(finding(row, component), { category: 'apps', component });
    },
  );
