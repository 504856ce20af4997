import type { AnyCheck } from '../contract/event-check.ts';
import { heal, type Healed as HealedOne } from '../heal/heal.ts';
import type { OpenFinding, Recheck } from '../heal/finding/open-finding.ts';
import type { HealContext } from '../heal/heal-context.ts';
import { judgeWithin } from '../heal/finding/verdict.ts';
import { askCheck } from './ask-check.ts';
import { recheckEvents } from './check-events.ts';
import type { CheckOutcome } from './tasks/outcome.ts';
import type { RunContext } from './run-context.ts';
import { examinedColumns, fingerprintOf } from './tasks/finding.ts';
import { severityRank } from '../ground/severity.ts';
import { storable } from '../ground/text.ts';
import { watchMode } from './kill-switch.ts';
import { queueVerify } from './queue-verify.ts';
import type { RecordedFinding } from './writer/record.ts';
import type { Engine } from './engine.ts';
import type { Run } from './writer/run.ts';

export interface Healed {
  actions: number;
  healed: number;
  /** false when the run or its healing was stopped before all findings were looked at */
  done: boolean;
}

/** Heals what this run saw. */
export const healAll = (
  engine: Engine,
  context: RunContext,
  checks: AnyCheck<unknown>[],
  open: RecordedFinding[],
): Promise<Healed> =>
  healEach(engine, context.run, open, {
    checks,
    how: heal,
    healing: healingOf(engine, context, checks, { seen: open }),
  });

/**
 * Heals one finding after the other, the worst first, until the run is stopped or the kill switch stops its healing.
 */
export async function healEach(
  engine: Engine,
  run: Run,
  findings: Omit<OpenFinding, 'accruing' | 'judgeWithin'>[],
  { checks, how, healing }: { checks: AnyCheck<unknown>[]; how: typeof heal; healing: HealContext },
): Promise<Healed> {
  const total: Healed = { actions: 0, healed: 0, done: true };
  const worstFirst = findings.toSorted(
    (a, b) => severityRank(a.severity) - severityRank(b.severity),
  );
  for (const finding of worstFirst) {
    if (healing.signal.aborted) break;
    const check = checks.find(({ name }) => name === finding.check_name);
    const open = { ...finding, ...judgedHow(engine, run, check) };
    const { actions, healed, later, unexamined }: HealedOne = await how(healing, run, open);
    if (unexamined.length > 0) warnOf(engine, run, finding.fingerprint, unexamined);
    if (later) await queueVerify(engine, run, finding.fingerprint);
    total.actions += actions;
    total.healed += Number(healed);
  }
  return { ...total, done: !healing.signal.aborted };
}

/** How many entries one line of the log names at most. */
const maxNamed = 10;

const warnOf = ({ emit }: Engine, run: Run, fingerprint: string, unexamined: string[]): void =>
  emit('knowledge.unexamined', {
    run: run.id,
    bot: run.bot.name,
    fingerprint,
    entries: unexamined.slice(0, maxNamed),
    count: unexamined.length,
  });

/** What healing takes from its run. `onRecheck` is called with the outcome of each check that was asked again. */
export function healingOf(
  engine: Engine,
  context: RunContext,
  checks: AnyCheck<unknown>[],
  { seen, onRecheck }: { seen?: RecordedFinding[]; onRecheck?: (outcome: CheckOutcome) => void },
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
function judgedHow(
  { catalogue }: Engine,
  { bot }: Run,
  check: AnyCheck<unknown> | undefined,
): Pick<OpenFinding, 'accruing' | 'judgeWithin'> {
  if (!check?.events) return { accruing: check?.accruing ?? false };
  const { config } = catalogue.resolve(bot.endpoint, bot.config);
  return { accruing: false, judgeWithin: judgeWithin(check.windowSeconds(config)) };
}

/**
 * Clean only when the check looked at the finding's key and did not report it, in this category or another: a problem
 * that is now reported in another category is not cured. `seen` is what this run found before the cure.
 */
function verdictOn(
  run: Run,
  { fingerprint, component_key }: Parameters<Recheck>[0],
  outcome: CheckOutcome,
  seen: RecordedFinding[] | undefined,
): Awaited<ReturnType<Recheck>> {
  if (!('result' in outcome)) return 'unclear';
  const { result, name } = outcome;
  const before = new Set(seen?.map((finding) => finding.fingerprint));
  const remains = result.findings.some((reported) => {
    const its = fingerprintOf(run.bot.id, name, reported);
    const ofKey = storable(reported.key ?? reported.component) === component_key;
    return its === fingerprint || (seen !== undefined && ofKey && !before.has(its));
  });
  if (remains) return 'failing';
  const { every, keys } = examinedColumns(result);
  return every !== keys.includes(component_key) && !result.truncated ? 'clean' : 'unclear';
}
