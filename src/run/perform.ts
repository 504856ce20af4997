import { BadDefinitionError } from '../catalogue.ts';
import { LostRunError, underFence } from '../data/bots/fence.ts';
import { messageOf } from '../errors.ts';
import type { RunEntry } from '../queue/run-queue.ts';
import { fitting } from '../text.ts';
import { checkAll, type Held } from './check.ts';
import { endingOf, finish, isFinal, type Ending } from './finish.ts';
import { escalate } from './escalate.ts';
import { healAll } from './heal.ts';
import { queueNext } from './queue-next.ts';
import { record } from './record.ts';
import { refuse } from './refuse.ts';
import type { Engine } from './engine.ts';
import type { Run, Stop } from './run.ts';
import { start } from './start.ts';

/**
 * The life of one run: start, check, record, heal, escalate, finish. Every step after the start writes
 * under the run's fence; when the run was taken over meanwhile, its results are dropped.
 */
export async function performRun(engine: Engine, entry: RunEntry): Promise<void> {
  const run = await start(engine, entry);
  if (!run) return;
  engine.leases.add(run);
  try {
    await inPlace(engine, run, (held) => carryOut(engine, run, held));
  } catch (error) {
    if (error instanceof LostRunError)
      engine.log.warn({ run: run.id }, 'run was taken over; its results are dropped');
    else await fail(engine, run, error);
  } finally {
    engine.leases.remove(run);
    await queueNext(engine, run);
  }
}

/** The deadline starts when a child is free. */
async function inPlace(
  { children }: Engine,
  run: Run,
  work: (held: Held) => Promise<void>,
): Promise<void> {
  const began = performance.now();
  const place = await children.take();
  const deadline = setTimeout(() => run.stop('timeout'), run.timeoutMs);
  const stop = () => place.stop(run.signal.reason as Stop);
  run.signal.addEventListener('abort', stop, { once: true });
  try {
    await work({
      place,
      now: () => new Date(run.startedAt.getTime() + performance.now() - began),
    });
  } finally {
    clearTimeout(deadline);
    run.signal.removeEventListener('abort', stop);
    place.release();
  }
}

async function carryOut(engine: Engine, run: Run, held: Held): Promise<void> {
  const { bot } = engine.catalogue.resolve(run.bot.endpoint, run.bot.config);
  const outcomes = await checkAll(engine, run, held, bot.checks);
  if (run.signal.reason === 'lost') throw new LostRunError(run);
  const recorded = await underFence(engine.db, run, (trx) => record(trx, run, outcomes));
  const healed = await healAll(engine, run, held, bot.checks, recorded.open);
  if (run.signal.reason === 'lost') throw new LostRunError(run);
  const stopped = run.signal.aborted ? (run.signal.reason as Stop) : null;
  await end(engine, run, {
    ...endingOf(outcomes, stopped),
    outcomes,
    findings: recorded.open.length,
    actions: healed.actions,
  });
}

/** Escalates and finishes in one commit; tickets are for runs that have ended, not for those that try again. */
async function end(engine: Engine, run: Run, ending: Ending): Promise<void> {
  const { status, retry } = await underFence(engine.db, run, async (trx, { cancelled }) => {
    const last = isFinal(run, ending.status);
    // A run that somebody wants to end gets no further attempt: nothing would ever start it.
    const asked: Ending =
      !last && cancelled ? { ...ending, status: 'cancelled', reason: 'cancelled' } : ending;
    if (last || cancelled) await escalate(trx, run);
    return { status: asked.status, ...(await finish(trx, run, asked)) };
  });
  engine.log.info(
    {
      run: run.id,
      bot: run.bot.name,
      attempt: run.attempt,
      status: retry ? 'retry' : status,
      findings: ending.findings,
      actions: ending.actions,
    },
    'run ended',
  );
  if (retry)
    await engine.queue
      .add([{ id: run.id, ...retry }])
      .catch((error: unknown) =>
        engine.log.warn({ err: error, run: run.id }, 'its retry could not be queued; rescue will'),
      );
}

/** A defect or a lost database, not a check's own error. If this fails too, rescue takes the run over. */
async function fail(engine: Engine, run: Run, error: unknown): Promise<void> {
  engine.log.error({ err: error, run: run.id, bot: run.bot.name }, 'run failed');
  const definition = error instanceof BadDefinitionError;
  if (definition) await refuse(engine.db, run, error.why);
  const ending: Ending = {
    status: 'failed',
    reason: definition ? 'definition' : 'engine error',
    error: fitting(definition ? error.why : messageOf(error), 2_000),
    outcomes: [],
    findings: 0,
    actions: 0,
  };
  // No further attempt can help a definition that cannot run.
  await end(engine, definition ? { ...run, attempt: run.maxAttempts } : run, ending).catch(
    (second: unknown) =>
      engine.log.error(
        { err: second, run: run.id },
        'run could not be finished; rescue will take it over',
      ),
  );
}
