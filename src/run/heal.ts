import type { Check } from '../bot.ts';
import { heal } from '../heal/heal.ts';
import type { Healing, Recheck } from '../heal/patient.ts';
import { checkOne } from './check.ts';
import type { CheckOutcome } from './outcome.ts';
import type { Held } from './place.ts';
import { examinedColumns, fingerprintOf, severities } from './finding.ts';
import type { OpenFinding } from './record.ts';
import type { Engine } from './engine.ts';
import type { Run } from './run.ts';

export interface Healed {
  actions: number;
  healed: number;
}

/** Heals what this run saw, the worst first, until the run is stopped. */
export async function healAll(
  engine: Engine,
  run: Run,
  held: Held,
  checks: Check<unknown>[],
  open: OpenFinding[],
): Promise<Healed> {
  const total: Healed = { actions: 0, healed: 0 };
  const recheck: Recheck = async (finding, since) => {
    const check = checks.find(({ name }) => name === finding.check_name);
    const outcome = check && (await checkOne(engine, run, held, check, since));
    return outcome ? verdictOn(run, finding, outcome) : 'unclear';
  };
  const effect: Healing['effect'] = (task) => held.place.do('effect', task, run);
  const { db, catalogue } = engine;
  const { now, leftMs } = held;
  const worstFirst = open.toSorted(
    (a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity),
  );
  for (const finding of worstFirst) {
    if (run.signal.aborted) break;
    const { actions, healed } = await heal(
      { db, catalogue, signal: run.signal, recheck, effect, now, leftMs },
      run,
      finding,
    );
    total.actions += actions;
    total.healed += Number(healed);
  }
  return total;
}

/** Clean only when the check looked at the finding's key and did not report it. */
function verdictOn(
  run: Run,
  { fingerprint, component_key }: Parameters<Recheck>[0],
  outcome: CheckOutcome,
): Awaited<ReturnType<Recheck>> {
  if (!('result' in outcome)) return 'unclear';
  const { result, name } = outcome;
  if (result.findings.some((reported) => fingerprintOf(run.bot.id, name, reported) === fingerprint))
    return 'failing';
  const { every, keys } = examinedColumns(result);
  return every !== keys.includes(component_key) && !result.truncated ? 'clean' : 'unclear';
}
