/** Turns the problems that a check saw into its result: without those that are waived, the worst first. */
import type { CheckContext, CheckResult, Figure, ReportedFinding } from '../../src/bot.ts';
import { bounded } from '../parts/bounded.ts';
import type { CheckName, Config, Waiver } from './config.ts';

type Severity = 'critical' | 'high' | 'medium' | 'low';

/** Something that is open and should not be. */
export interface Problem {
  /** its name as SQL writes it; waivers name it in the same way */
  object: string;
  severity: Severity;
  title: string;
  /** why it matters, and what to look at before the proposed SQL is run */
  description: string;
  /** statements that close it; a person reads and runs them */
  sql?: readonly string[];
  metadata?: Record<string, unknown>;
}

/** How many problems a check reads at most; with more, no finding resolves. */
export const maxProblems = 2000;

const order: readonly Severity[] = ['critical', 'high', 'medium', 'low'];
const maxSql = 6000;
/** A function may have a hundred arguments, and a waiver may name anything. */
const maxObject = 400;
const category = 'access';

export function reportProblems(
  check: CheckName,
  { waivers: all, max_findings: max }: Config,
  { now }: CheckContext,
  {
    examined,
    problems: given,
    figures = [],
    isCut = given.length >= maxProblems,
  }: {
    examined: number;
    problems: readonly Problem[];
    figures?: Figure[];
    /** whether there was more than was read */
    isCut?: boolean;
  },
): CheckResult {
  const problems = given.map((problem) => ({
    ...problem,
    object: bounded(problem.object, maxObject),
  }));
  const today = now.toISOString().slice(0, 10);
  const waivers = new Map(
    all.filter((waiver) => waiver.check === check).map((each) => [each.object, each]),
  );
  const isWaived = ({ object }: Problem) => {
    const waiver = waivers.get(object);
    return waiver !== undefined && waiver.expires >= today;
  };
  const reported = problems
    .filter((problem) => !isWaived(problem))
    .toSorted(
      (a, b) =>
        order.indexOf(a.severity) - order.indexOf(b.severity) || (a.object < b.object ? -1 : 1),
    );
  const seen = new Set(problems.map(({ object }) => object));
  const unmatched = isCut ? [] : [...waivers.values()].filter(({ object }) => !seen.has(object));
  const findings = [
    ...reported.map((problem) => findingOf(problem, waivers.get(problem.object))),
    ...unmatched.map(unmatchedWaiver),
  ];
  return {
    // All keys of the check: an object that was dropped no longer has the problem.
    examined: { count: examined, except: [] },
    findings: findings.slice(0, max),
    figures: [
      { name: 'objects examined', value: examined },
      { name: 'findings', value: reported.length },
      { name: 'waived findings', value: problems.length - reported.length },
      ...figures,
    ],
    truncated: isCut || findings.length > max,
  };
}

function findingOf(problem: Problem, expired: Waiver | undefined): ReportedFinding {
  const { object, severity, title, description, sql = [], metadata } = problem;
  const statements = sql.join('\n');
  const fits = statements.length <= maxSql;
  return {
    severity,
    category,
    title: expired ? `${title}; its waiver expired on ${expired.expires}` : title,
    description: [
      description,
      expired && `${expired.owner} waived it until ${expired.expires}: ${expired.reason}`,
      sql.length > 0 && fits && `Proposed, after review:\n${statements}`,
    ]
      .filter(Boolean)
      .join('\n\n'),
    component: object,
    metadata: {
      ...metadata,
      ...(sql.length > 0 && fits && { sql: statements }),
      ...(expired && { expired_waiver: expired }),
    },
  };
}

const unmatchedWaiver = (waiver: Waiver): ReportedFinding => ({
  severity: 'low',
  category,
  title: `Waiver matches nothing: ${waiver.object}`,
  description:
    `${waiver.owner} waived this object for the check ${waiver.check}, and the check has no finding about it: it was ` +
    "mended, dropped, renamed or mistyped. Remove the waiver from the bot's setting `waivers`, or correct its object.",
  component: bounded(waiver.object, maxObject),
  key: `waiver of ${bounded(waiver.object, maxObject)}`,
  metadata: { waiver },
});
