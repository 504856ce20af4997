/**
 * Whether this machine itself can reach anything outside. A check that looks outside and gets no answer does not know whether
 * its target is broken or the network of this machine. So the engine asks another address, which the setting `connectivity_url`
 * names.
 */
import type { AnyCheck } from '../contract/event-check.ts';
import { connectivityUrl, readSetting } from '../data/settings/rows.ts';
import type { Db } from '../database/connect.ts';
import { problemOfAddress } from '../ground/addresses/http-address.ts';
import { fitting } from '../ground/text.ts';
import { whyNoAnswer } from '../outbound/why-no-answer.ts';
import type { Engine } from './engine.ts';
import type { RunContext } from './run-context.ts';
import type { CheckOutcome } from './tasks/outcome.ts';

/**
 * Why this machine cannot reach that address. Null where it can, and where no usable address is set, because then it is not
 * known.
 */
export async function whyCutOff(db: Db, signal: AbortSignal): Promise<string | null> {
  const address = (await readSetting(db, connectivityUrl))?.value;
  if (typeof address !== 'string' || problemOfAddress(address)) return null;
  return whyNoAnswer(address, signal);
}

/**
 * Returns the outcome of a check as it is, unless the check looks outside, reports problems, and this machine reaches nothing
 * outside. Then the outcome is `skipped`, so that no finding is opened or resolved. The address is asked once a run. Null when
 * the run was stopped meanwhile.
 */
export async function skipIfCutOff(
  { catalogue }: Engine,
  { run, signal, whyCutOff }: RunContext,
  check: AnyCheck<unknown>,
  outcome: CheckOutcome,
): Promise<CheckOutcome | null> {
  if (!('result' in outcome) || outcome.result.findings.length === 0) return outcome;
  if (!catalogue.looksOutside(run.bot.endpoint, check)) return outcome;
  const began = performance.now();
  const why = await whyCutOff();
  if (signal.aborted) return null;
  if (why === null) return outcome;
  const { name, title, ms } = outcome;
  return {
    name,
    title,
    ms: ms + Math.round(performance.now() - began),
    status: 'skipped',
    reason: fitting(
      `this machine could not reach the address of connectivity_url either (${why}), so what the check saw may be the machine's own network`,
      500,
    ),
  };
}
