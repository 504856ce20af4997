import type { AnyCheck } from '../contract/event-check.ts';
import { checkMemory } from '../data/checks/memories.ts';
import { retryFaults } from '../database/faults/retry-faults.ts';
import { messageOf } from '../ground/errors.ts';
import { fitting } from '../ground/text.ts';
import { untilStopped } from '../ground/until-stopped.ts';
import { readProgress } from './tasks/progress.ts';
import type { CheckTask } from './tasks/task.ts';
import type { Engine } from './engine.ts';
import { skipIfCutOff } from './own-connection.ts';
import type { CheckOutcome } from './tasks/outcome.ts';
import type { RunContext } from './run-context.ts';

/** A question to a check. `since`: a check of a state is asked whether a cure of that time has helped. */
export type Question = Pick<CheckTask, 'since' | 'events'>;

/**
 * Asks one check one question. When a fault that the check did not cause keeps the check from answering, the question is asked
 * again; only if the fault persists, the outcome is `errored`. Problems that a check reports outside count only while this
 * machine can reach anything outside ({@link skipIfCutOff}). Returns null as soon as the run is stopped, even if the check is
 * still running.
 */
export async function askCheck(
  engine: Engine,
  context: RunContext,
  check: AnyCheck<unknown>,
  question: Question,
): Promise<CheckOutcome | null> {
  const { catalogue, db, emit, secrets } = engine;
  const { run, child, now, leftMs, signal } = context;
  const { name, title, remembers } = check;
  const { endpoint, config } = run.bot;
  const { offline } = engine;
  if (offline && !offline.except.includes(endpoint) && catalogue.looksOutside(endpoint, check))
    return { name, title, ms: 0, status: 'skipped', reason: offline.why };
  const began = performance.now();
  let outcome: CheckOutcome;
  try {
    outcome = await retryFaults({ signal, leftMs }, () =>
      untilStopped(signal, async () => {
        const remembered = remembers ? await checkMemory(db, run.bot.id, name) : null;
        // A run keeps the values with which it began, also when a secret is rotated meanwhile. A failed read is tried again.
        context.secrets ??= await secrets.openEach(catalogue.secretsOf(endpoint, config));
        const { id, attempt, timeoutMs } = run;
        const asking = { id, attempt, timeoutMs, leftMs: leftMs() };
        const given = { secrets: context.secrets, remembered, run: asking };
        const task = { endpoint, config, check: name, now: now(), ...question, ...given };
        return child.do('check', task, undefined, (update) => {
          const progress = readProgress(update);
          if (progress) run.progress = { check: name, ...secrets.progress(progress) };
        });
      }),
    );
  } catch (error) {
    if (signal.aborted) return null;
    const ms = Math.round(performance.now() - began);
    outcome = { name, title, ms, status: 'errored', reason: fitting(messageOf(error), 2_000) };
  }
  const kept = await skipIfCutOff(engine, context, check, await secrets.outcome(outcome));
  if (!kept) return null;
  outcome = kept;
  if (outcome.status === 'errored')
    emit('check.errored', { bot: run.bot.name, check: name, reason: outcome.reason });
  return outcome;
}
