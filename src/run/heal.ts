import type { AnyCheck } from '../contract/event-check.ts';
import { heal, type HealResult } from '../heal/heal.ts';
import type { OpenFinding, Recheck } from '../heal/finding/open-finding.ts';
import type { HealContext } from '../heal/heal-context.ts';
import { maxJudgingSeconds } from '../heal/finding/verdict.ts';
import { askCheck } from './ask-check.ts';
import { recheckEvents } from './check-events.ts';
import type { CheckOutcome } from './tasks/outcome.ts';
import type { RunContext } from './run-context.ts';
import { examinedColumns, fingerprintOf } from './tasks/finding.ts';
import { severityRank } from '../ground/severity.ts';
import { storable } from '../ground/text.ts';
import { watchMode } from './kill-switch.ts';
import { queueVerify } from './queue-verify.ts';
import type { SeenFinding } from './writer/record.ts';
import type { Engine } from './engine.ts';
import type { Run } from './writer/run.ts';

/** What healing has done in a run. */
export interface HealTotals {
  /** how many steps were applied */
  actions: number;
  /** how many findings were healed */
  healed: number;
  /** false when the run or its healing was stopped before it came to all findings */
  done: boolean;
}

/** Heals the findings that this run saw. */
export const healAll = (
  engine: Engine,
  context: RunContext,
  checks: AnyCheck<unknown>[],
  open: SeenFinding[],
): Promise<HealTotals> =>
  healEach(engine, context.run, open, {
    checks,
    healOne: heal,
    healing: healingOf(engine, context, checks, { seen: open }),
  });

/**
 * Heals one finding after the other, the worst first, until the run is stopped or the kill switch stops its healing.
 */
export async function healEach(
  engine: Engine,
  run: Run,
  findings: Omit<OpenFinding, 'accruing' | 'judgeWithin'>[],
  {
    checks,
    healOne,
    healing,
  }: { checks: AnyCheck<unknown>[]; healOne: typeof heal; healing: HealContext },
): Promise<HealTotals> {
  const total: HealTotals = { actions: 0, healed: 0, done: true };
  const worstFirst = findings.toSorted(
    (a, b) => severityRank(a.severity) - severityRank(b.severity),
  );
  for (const finding of worstFirst) {
    if (healing.signal.aborted) break;
    const check = checks.find(({ name }) => name === finding.check_name);
    const open = { ...finding, ...judgingOf(engine, run, check) };
    const { actions, healed, later, untried }: HealResult = await healOne(healing, run, open);
    if (untried.length > 0) warnOfUntried(engine, run, finding.fingerprint, untried);
    if (later) await queueVerify(engine, run, finding.fingerprint);
    total.actions += actions;
    total.healed += Number(healed);
  }
  return { ...total, done: !healing.signal.aborted };
}

/** How many entries one line of the log names at most. */
const maxNamed = 10;

const warnOfUntried = ({ emit }: Engine, run: Run, fingerprint: string, untried: string[]): void =>
  emit('knowledge.unexamined', {
    run: run.id,
    bot: run.bot.name,
    fingerprint,
    entries: untried.slice(0, maxNamed),
    count: untried.length,
  });

/**
 * What healing needs from its run. `seen`: what the run found before any cure; `onRecheck` is called with the outcome of each
 * check that was asked again.
 */
export function healingOf(
  engine: Engine,
  context: RunContext,
  checks: AnyCheck<unknown>[],
  { seen, onRecheck }: { seen?: SeenFinding[]; onRecheck?: (outcome: CheckOutcome) => void },
): HealContext {
  const { db, catalogue } = engine;
  const { run, now, leftMs } = context;
  const { signal, carryOut } = watchMode(engine, context);
  const recheck: Recheck = async (finding, since) => {
    const check = checks.find(({ name }) => name === finding.check_name);
    if (!check) return 'unclear';
    if (check.events) {
      const { outcome, verdict } = await recheckEvents(engine, context, check, finding, since);
      if (outcome) onRecheck?.(outcome);
      return verdict;
    }
    const outcome = await askCheck(engine, context, check, { since });
    if (!outcome) return 'unclear';
    onRecheck?.(outcome);
    return verdictOn(run, finding, outcome, seen);
  };
  const effect: HealContext['effect'] = (task) => carryOut('effect', task);
  const { emit } = engine;
  return { db, catalogue, signal, recheck, effect, now, leftMs, emit };
}

/**
 * How the finding's check judges a cure. If the check no longer exists, the finding is treated as one of a check of a
 * state.
 */
function judgingOf(
  { catalogue }: Engine,
  { bot }: Run,
  check: AnyCheck<unknown> | undefined,
): Pick<OpenFinding, 'accruing' | 'judgeWithin'> {
  if (!check?.events) {
    const judgeWithin = check?.judgeWithinSeconds;
    return {
      accruing: check?.accruing ?? false,
      ...(judgeWithin !== undefined && { judgeWithin }),
    };
  }
  const { config } = catalogue.resolve(bot.endpoint, bot.config);
  return { accruing: false, judgeWithin: maxJudgingSeconds(check.windowSeconds(config)) };
}

/**
 * Clean only when the check looked at the finding's key and did not report it, in this category or another: a problem
 * that is now reported in another category is not cured. `seen` is what this run found before the cure.
 */
function verdictOn(
  run: Run,
  { fingerprint, component_key }: Parameters<Recheck>[0],
  outcome: CheckOutcome,
  seen: SeenFinding[] | undefined,
): Awaited<ReturnType<Recheck>> {
  if (!('result' in outcome)) return 'unclear';
  const { result, name } = outcome;
  const before = new Set(seen?.map((finding) => finding.fingerprint));
  const remains = result.findings.some((reported) => {
    const reportedPrint = fingerprintOf(run.bot.id, name, reported);
    const isOfKey = storable(reported.key ?? reported.component) === component_key;
    return (
      reportedPrint === fingerprint || (seen !== undefined && isOfKey && !before.has(reportedPrint))
    );
  });
  if (remains) return 'failing';
  const { every, keys } = examinedColumns(result);
  return every !== keys.includes(component_key) && !result.truncated ? 'clean' : 'unclear';
}
