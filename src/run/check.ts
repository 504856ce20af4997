import type { Check } from '../bot.ts';
import { retryFaults } from '../data/retry-faults.ts';
import { messageOf } from '../errors.ts';
import { fitting } from '../text.ts';
import { untilStopped } from '../until-stopped.ts';
import type { Engine } from './engine.ts';
import type { CheckOutcome } from './outcome.ts';
import type { Held } from './place.ts';
import type { Run } from './run.ts';

/**
 * Runs the bot's checks one after the other; one that errs, or ends its process, does not keep the
 * others from running. When the run is stopped meanwhile, those that were through by then are returned.
 */
export async function checkAll(
  engine: Engine,
  run: Run,
  held: Held,
  checks: Check<unknown>[],
): Promise<CheckOutcome[]> {
  const outcomes: CheckOutcome[] = [];
  for (const check of checks) {
    if (run.signal.aborted) break;
    const outcome = await checkOne(engine, run, held, check, null);
    if (outcome) outcomes.push(outcome);
  }
  return outcomes;
}

/**
 * Runs one check. With `since` set it verifies a cure: what happened before does not count. A fault that is not
 * the check's doing is met by another try; it has erred only where the fault persists.
 * Null when the run was stopped meanwhile, whatever the check still does: its result is not awaited.
 */
export async function checkOne(
  { log }: Engine,
  run: Run,
  { place, now, leftMs }: Held,
  { name, title }: Check<unknown>,
  since: Date | null,
): Promise<CheckOutcome | null> {
  const { endpoint, config } = run.bot;
  const began = performance.now();
  let outcome: CheckOutcome;
  try {
    outcome = await retryFaults({ signal: run.signal, leftMs }, () =>
      untilStopped(run.signal, () =>
        place.do('check', { endpoint, config, check: name, now: now(), since }),
      ),
    );
  } catch (error) {
    if (run.signal.aborted) return null;
    const ms = Math.round(performance.now() - began);
    outcome = { name, title, ms, status: 'errored', reason: fitting(messageOf(error), 2_000) };
  }
  if (outcome.status === 'errored')
    log.warn({ bot: run.bot.name, check: name, reason: outcome.reason }, 'check errored');
  return outcome;
}
