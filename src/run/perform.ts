import { LostRunError } from '../data/bots/fence.ts';
import { namesRow, type RunEntry } from '../queue/run-queue.ts';
import { checkAll } from './check.ts';
import type { CheckOutcome } from './tasks/outcome.ts';
import { endingOf, type Ending } from './writer/finish.ts';
import type { Ended } from './writer/flush.ts';
import { giveOn } from './give-on.ts';
import { healAll } from './heal.ts';
import { reconcileEffects } from './reconcile-effects.ts';
import { withChild, type RunContext } from './run-context.ts';
import type { Engine } from './engine.ts';
import { failRun } from './fail.ts';
import type { Stop } from '../children/protocol.ts';
import type { Run } from './writer/run.ts';
import { judgeDue } from './verify-later.ts';

/**
 * One run, from its entry in the queue to its end:
 *
 *   start       `queued -> running`, with an attempt, a fence and a lease; then the run gets a child process of its own.
 *               A run of a remote bot waits instead while such runs have all places that they may take; one whose bot only
 *               the code of another worker has is given to that worker
 *   reconcile   requested undos, and effects of earlier runs of the bot that may or may not have happened
 *   check       the bot's checks, one after the other
 *   record      what the checks saw: findings are opened, counted and resolved, cures verified or relapsed
 *   suppress    findings whose cause is another open finding
 *   heal        open findings, the worst first: match, choose, gates, apply, verify
 *   escalate    the rest becomes tickets
 *   finish      `running ->` its end, or `queued` again for another attempt
 *   enqueue     that attempt, and the bot's next run, which had to wait for this one
 *
 * Record and suppress are one commit, and so are escalate and finish; when nothing has to be healed, all four are one.
 * A run with the trigger `verify` only asks the checks by which it judges cures: {@link judgeDue}. Every step after the start
 * writes under the run's fence; when the run was taken over meanwhile, its results are dropped. `free` is called when the run's
 * checks and remedies have ended: another run may take its place while the end of this run is written.
 */
export async function performRun(
  engine: Engine,
  entry: RunEntry,
  free: () => void = () => {},
): Promise<void> {
  if (!namesRow(entry)) {
    const { id, generation } = entry;
    engine.emit('entry.refused', { id, generation });
    return;
  }
  const start = () => engine.writer.start(entry);
  const run = await (engine.remotePlaces?.start(entry, start) ?? start());
  if (!run) return;
  engine.leases.add(run);
  const { attempt, trigger } = run;
  engine.emit('run.started', { run: run.id, bot: run.bot.name, attempt, trigger });
  try {
    if (await giveOn(engine, run)) return;
    const work = run.trigger === 'verify' ? verify : checkAndHeal;
    const result = await withChild(engine, run, (context) => work(engine, context));
    free();
    const ended = await escalateAndFinish(engine, run, result);
    await enqueueFollowUps(engine, run, ended);
  } catch (error) {
    if (error instanceof LostRunError) engine.emit('run.taken_over', { run: run.id });
    else {
      const ended = await failRun(engine, run, error);
      if (ended) await enqueueFollowUps(engine, run, ended);
    }
  } finally {
    engine.leases.remove(run);
    engine.remotePlaces?.end(run);
  }
}

/** What the run's checks and remedies have done. */
interface WorkResult {
  outcomes: CheckOutcome[];
  /** how many findings were recorded before healing; null when nothing is recorded yet */
  recorded: number | null;
  actions: number;
  /** whether healing has gone through all findings that the run saw */
  healingDone: boolean;
}

async function checkAndHeal(engine: Engine, context: RunContext): Promise<WorkResult> {
  const { run, signal } = context;
  const { bot } = engine.catalogue.resolve(run.bot.endpoint, run.bot.config);
  // The start has read whether there are pending effects, so that a run without them needs no query.
  if (run.pendingEffects) await reconcileEffects(engine, context);
  const outcomes = await checkAll(engine, context, bot.checks);
  const reported = outcomes.some((each) => 'result' in each && each.result.findings.length > 0);
  if (!reported || signal.aborted)
    return { outcomes, recorded: null, actions: 0, healingDone: !reported };
  const { open } = await engine.writer.record(run, outcomes);
  const { actions, done } = await healAll(engine, context, bot.checks, open);
  return { outcomes, recorded: open.length, actions, healingDone: done };
}

async function verify(engine: Engine, context: RunContext): Promise<WorkResult> {
  const { bot } = context.run;
  const { checks } = engine.catalogue.resolve(bot.endpoint, bot.config).bot;
  const { outcomes, open, actions } = await judgeDue(engine, context, checks);
  return { outcomes, recorded: open, actions, healingDone: false };
}

/** Escalates and finishes in one commit; when nothing had to be healed, the record is part of that commit too. */
function escalateAndFinish(
  { writer }: Engine,
  run: Run,
  { outcomes, recorded, actions, healingDone }: WorkResult,
): Promise<Ended> {
  const stopped = run.signal.aborted ? (run.signal.reason as Stop) : null;
  if (stopped === 'lost') throw new LostRunError(run);
  const hadNothingToVerify = run.trigger === 'verify' && outcomes.length === 0 && !stopped;
  const ending: Ending = {
    ...(hadNothingToVerify
      ? { status: 'success', reason: null, error: null }
      : endingOf(outcomes, stopped)),
    outcomes,
    findings: recorded ?? 0,
    actions,
    healingDone,
  };
  return recorded === null ? writer.recordAndEnd(run, outcomes, ending) : writer.end(run, ending);
}

/** Queues the run's own retry, and the bot's next run, which had to wait for this run. */
async function enqueueFollowUps({ emit, queue }: Engine, run: Run, ended: Ended): Promise<void> {
  const { status, findings, retry, next } = ended;
  emit('run.ended', {
    run: run.id,
    bot: run.bot.name,
    attempt: run.attempt,
    status: retry ? 'retry' : status,
    findings,
  });
  const entries = [...(retry ? [{ id: run.id, ...retry }] : []), ...(next ? [next] : [])];
  if (entries.length > 0)
    await queue
      .add(entries)
      .catch((error: unknown) => emit('run.unqueued', { err: error, run: run.id }));
}
