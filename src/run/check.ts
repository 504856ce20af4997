import { sql } from 'kysely';
import { SkippedCheck, type Check, type CheckResult } from '../bot.ts';
import { messageOf } from '../errors.ts';
import { fitting } from '../text.ts';
import { untilStopped } from '../until-stopped.ts';
import type { Engine } from './engine.ts';
import { readResult } from './result.ts';
import type { Run } from './run.ts';

/** How one check ended. Only a passed or failed one says anything about findings. */
export type CheckOutcome = { name: string; title: string; ms: number } & (
  | { status: 'passed' | 'failed'; result: CheckResult }
  | { status: 'errored' | 'skipped'; reason: string }
);

/**
 * Runs the bot's checks one after the other; one that errs does not keep the others from running.
 * When the run is stopped meanwhile, those that were through by then are returned.
 */
export async function checkAll(
  engine: Engine,
  run: Run,
  checks: Check<unknown>[],
  config: unknown,
): Promise<CheckOutcome[]> {
  const outcomes: CheckOutcome[] = [];
  for (const check of checks) {
    if (run.signal.aborted) break;
    const outcome = await checkOne(engine, run, check, config, null);
    if (outcome) outcomes.push(outcome);
  }
  return outcomes;
}

/**
 * Runs one check. With `since` set it verifies a cure: what happened before does not count.
 * Null when the run was stopped meanwhile, whatever the check still does: its result is not awaited.
 */
export async function checkOne(
  engine: Engine,
  run: Run,
  check: Check<unknown>,
  config: unknown,
  since: Date | null,
): Promise<CheckOutcome | null> {
  const began = performance.now();
  const done = (rest: object) =>
    ({
      name: check.name,
      title: check.title,
      ms: Math.round(performance.now() - began),
      ...rest,
    }) as CheckOutcome;
  try {
    // A defect of a check is its own: what it returns is read here, so that it cannot hurt the others.
    const result = readResult(
      await untilStopped(run.signal, async () => {
        const { rows } = await sql<{ now: Date }>`SELECT engine.now() AS now`.execute(
          engine.reader,
        );
        return check.run(config, {
          db: engine.reader,
          now: rows[0]!.now,
          since,
          signal: run.signal,
          skip(reason: string): never {
            throw new SkippedCheck(reason);
          },
        });
      }),
    );
    return done({ status: result.findings.length > 0 ? 'failed' : 'passed', result });
  } catch (error) {
    if (run.signal.aborted) return null;
    if (error instanceof SkippedCheck)
      return done({ status: 'skipped', reason: fitting(error.message, 500) });
    engine.log.warn({ err: error, bot: run.bot.name, check: check.name }, 'check errored');
    return done({ status: 'errored', reason: fitting(messageOf(error), 2_000) });
  }
}
