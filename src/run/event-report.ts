/** One question to an event check, and what its answer says about each key. */
import type { EventCheck, EventResult } from '../contract/event-check.ts';
import { messageOf } from '../ground/errors.ts';
import { maxJudgingSeconds } from '../heal/finding/verdict.ts';
import { fitting, storable } from '../ground/text.ts';
import { askCheck } from './ask-check.ts';
import type { EventQuestion } from './tasks/task.ts';
import type { Engine } from './engine.ts';
import type { CheckOutcome } from './tasks/outcome.ts';
import type { RunContext } from './run-context.ts';

/** Asks an event check, as often as needed, always about the same moment. */
export interface EventAsker {
  /** the moment, by the database's clock */
  now: Date;
  /** the beginning of the check's window */
  from: Date;
  /** for how many seconds the check is asked again after an unclear verdict */
  within: number;
  ask(question: EventQuestion): Promise<CheckOutcome | null>;
  /** the outcomes of the questions on which the check erred */
  unanswered: CheckOutcome[];
}

/** The answer to one question, by key; keys are written as they are stored. */
export interface EventReport {
  from: Date;
  findings: Map<string, EventResult['findings'][number]>;
  tallies: Map<string, EventResult['tallies'][number]>;
  truncated: boolean;
}

/** Ten years, in seconds. No platform keeps its logs for longer, and PostgreSQL's intervals and dates have limits. */
const maxWindow = 10 * 366 * 24 * 3_600;

/** An asker for the window that the bot's config asks for; an errored outcome if that window is not valid. */
export function eventAskerFor(
  engine: Engine,
  context: RunContext,
  check: EventCheck<unknown>,
): EventAsker | CheckOutcome {
  const { name, title } = check;
  const { bot } = context.run;
  const now = context.now();
  try {
    const { config } = engine.catalogue.resolve(bot.endpoint, bot.config);
    const window = check.windowSeconds(config);
    if (!(window > 0 && window <= maxWindow))
      throw new Error(
        `its windowSeconds is ${window}; it has to be a number above 0 and at most ${maxWindow} (ten years)`,
      );
    const unanswered: CheckOutcome[] = [];
    return {
      unanswered,
      now,
      from: new Date(now.getTime() - window * 1_000),
      within: maxJudgingSeconds(window),
      async ask(events) {
        const outcome = await askCheck(engine, context, check, { since: null, events });
        if (outcome?.status === 'errored') unanswered.push(outcome);
        return outcome;
      },
    };
  } catch (error) {
    return { name, title, ms: 0, status: 'errored', reason: fitting(messageOf(error), 2_000) };
  }
}

/** One start for each key: the latest of its cutoffs, or `from` if that is later. */
export function startsOf(
  cutoffs: { key: string; cutoff: Date }[],
  from: Date,
): EventQuestion['starts'] {
  const latest = new Map<string, Date>();
  for (const { key, cutoff } of cutoffs) latest.set(key, latestOf(latest.get(key) ?? from, cutoff));
  return [...latest].map(([key, start]) => ({ key, from: start }));
}

export const latestOf = (a: Date, b: Date): Date => (a > b ? a : b);

export function reportOf(outcome: CheckOutcome & { result: object }, from: Date): EventReport {
  const { findings, tallies, truncated = false } = outcome.result as EventResult;
  return {
    from,
    findings: new Map(findings.map((each) => [storable(each.key ?? each.component), each])),
    tallies: new Map(tallies.map((tally) => [storable(tally.key), tally])),
    truncated,
  };
}

/** Asks the check about these keys alone, and about the events of its window after their cutoffs. */
export const askAfterCutoffs = (asker: EventAsker, cutoffs: { key: string; cutoff: Date }[]) =>
  askAbout(asker, asker.from, startsOf(cutoffs, asker.from));

/** How many questions are asked about one list of keys; more are not worth their cost. */
const maxQuestions = 64;

/**
 * Asks the check about these keys alone, each from its own start on. A report that was cut short says nothing about the keys
 * that it does not name; then the check is asked again about shorter lists. `outcome` is the outcome of the first question, and
 * `report` is null when the first question brought no result.
 */
export async function askAbout(
  { ask }: EventAsker,
  from: Date,
  starts: EventQuestion['starts'],
): Promise<{ outcome: CheckOutcome | null; report: EventReport | null }> {
  let questions = 0;
  const askOnce = async (some: EventQuestion['starts']) => {
    questions += 1;
    const outcome = await ask({ from, starts: some, only: some.map(({ key }) => key) });
    return { outcome, report: outcome && 'result' in outcome ? reportOf(outcome, from) : null };
  };
  const first = await askOnce(starts);
  if (!first.report?.truncated) return first;
  const joined: EventReport = { ...first.report, truncated: false };
  const lists = halvesOf(starts);
  for (let list = lists.pop(); list; list = lists.pop()) {
    const report = questions < maxQuestions ? (await askOnce(list)).report : null;
    if (report?.truncated && list.length > 1) lists.push(...halvesOf(list));
    else if (!report) joined.truncated = true;
    else for (const [key, finding] of report.findings) joined.findings.set(key, finding);
  }
  return { outcome: first.outcome, report: joined };
}

const halvesOf = <Item>(list: readonly Item[]): Item[][] => {
  const middle = Math.ceil(list.length / 2);
  return [list.slice(0, middle), list.slice(middle)].filter((half) => half.length > 0);
};
