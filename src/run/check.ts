import type { AnyCheck } from '../contract/event-check.ts';
import { askCheck } from './ask-check.ts';
import { checkEvents } from './check-events.ts';
import type { Engine } from './engine.ts';
import type { CheckOutcome } from './tasks/outcome.ts';
import type { RunContext } from './run-context.ts';

/**
 * Runs the bot's checks one after the other. A check that errs, or that ends its process, does not stop the others.
 * When the run is stopped meanwhile, returns the outcomes of the checks that had ended by then.
 */
export async function checkAll(
  engine: Engine,
  context: RunContext,
  checks: AnyCheck<unknown>[],
): Promise<CheckOutcome[]> {
  const outcomes: CheckOutcome[] = [];
  for (const check of checks) {
    if (context.signal.aborted) break;
    const outcome = await (check.events
      ? checkEvents(engine, context, check)
      : askCheck(engine, context, check, { since: null }));
    if (outcome) outcomes.push(outcome);
    if (outcome && 'result' in outcome && outcome.unanswered) outcomes.push(outcome.unanswered);
  }
  return outcomes;
}
