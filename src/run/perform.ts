import { BadDefinitionError } from '../catalogue/catalogue.ts';
import { LostRunError } from '../data/bots/fence.ts';
import { messageOf } from '../ground/errors.ts';
import type { RunEntry } from '../queue/run-queue.ts';
import { fitting } from '../ground/text.ts';
import { checkAll } from './check.ts';
import { examinedBy, type CheckOutcome } from './tasks/outcome.ts';
import { endingOf, type Ending } from './writer/finish.ts';
import type { Ended } from './writer/flush.ts';
import { healAll } from './heal.ts';
import { takeUpLeftovers } from './leftovers.ts';
import { inPlace, type Held } from './place.ts';
import { refuse } from './refuse.ts';
import type { Engine } from './engine.ts';
import type { Stop } from '../children/protocol.ts';
import type { Run } from './writer/run.ts';
import { judgeDue } from './verify-later.ts';

/**
 * The life of one run: start, check, record, heal, escalate, finish. Every step after the start writes
 * under the run's fence; when the run was taken over meanwhile, its results are dropped. `free` is called
 * when its checks and remedies are through: another run may take its place while this one is written.
 * Before its checks look it settles what earlier ones have left; one that only verifies checks nothing else.
 */
export async function performRun(
  engine: Engine,
  entry: RunEntry,
  free: () => void = () => {},
): Promise<void> {
  const run = await engine.writer.start(entry);
  if (!run) return;
  engine.leases.add(run);
  try {
    const work = run.trigger === 'verify' ? verify : checkAndHeal;
    const seen = await inPlace(engine, run, (held) => work(engine, run, held));
    free();
    await handOn(engine, run, await end(engine, run, seen));
  } catch (error) {
    if (error instanceof LostRunError)
      engine.log.warn({ run: run.id }, 'run was taken over; its results are dropped');
    else await fail(engine, run, error);
  } finally {
    engine.leases.remove(run);
  }
}

interface Seen {
  outcomes: CheckOutcome[];
  /** findings that are recorded already, because healing came in between; null when nothing is yet */
  recorded: number | null;
  actions: number;
}

async function checkAndHeal(engine: Engine, run: Run, held: Held): Promise<Seen> {
  const { bot } = engine.catalogue.resolve(run.bot.endpoint, run.bot.config);
  await takeUpLeftovers(engine, run, held);
  const outcomes = await checkAll(engine, run, held, bot.checks);
  const reported = outcomes.some((each) => 'result' in each && each.result.findings.length > 0);
  if (!reported || run.signal.aborted) return { outcomes, recorded: null, actions: 0 };
  const { open } = await engine.writer.record(run, outcomes);
  const examined = examinedBy(outcomes);
  const { actions } = await healAll(engine, run, held, bot.checks, { open, examined });
  return { outcomes, recorded: open.length, actions };
}

async function verify(engine: Engine, run: Run, held: Held): Promise<Seen> {
  const { bot } = engine.catalogue.resolve(run.bot.endpoint, run.bot.config);
  const { outcomes, open, actions } = await judgeDue(engine, run, held, bot.checks);
  return { outcomes, recorded: open, actions };
}

/** Escalates and finishes, in one commit with the record where nothing had to be healed. */
function end({ writer }: Engine, run: Run, { outcomes, recorded, actions }: Seen): Promise<Ended> {
  const stopped = run.signal.aborted ? (run.signal.reason as Stop) : null;
  if (stopped === 'lost') throw new LostRunError(run);
  const idle = run.trigger === 'verify' && outcomes.length === 0 && !stopped;
  const ending: Ending = {
    // Where nothing is left to be verified, that is the answer.
    ...(idle ? { status: 'success', reason: null, error: null } : endingOf(outcomes, stopped)),
    outcomes,
    findings: recorded ?? 0,
    actions,
  };
  return recorded === null ? writer.recordAndEnd(run, outcomes, ending) : writer.end(run, ending);
}

/** Queues the run's own retry, and the bot's next run, to which it made way. */
async function handOn({ log, queue }: Engine, run: Run, ended: Ended): Promise<void> {
  const { status, findings, retry, next } = ended;
  log.info(
    {
      run: run.id,
      bot: run.bot.name,
      attempt: run.attempt,
      status: retry ? 'retry' : status,
      findings,
    },
    'run ended',
  );
  const entries = [...(retry ? [{ id: run.id, ...retry }] : []), ...(next ? [next] : [])];
  if (entries.length > 0)
    await queue
      .add(entries)
      .catch((error: unknown) =>
        log.warn({ err: error, run: run.id }, 'what comes next could not be queued; rescue will'),
      );
}

/** A defect or a lost database, not a check's own error. If this fails too, rescue takes the run over. */
async function fail(engine: Engine, run: Run, error: unknown): Promise<void> {
  engine.log.error({ err: error, run: run.id, bot: run.bot.name }, 'run failed');
  const definition = error instanceof BadDefinitionError;
  const why = fitting(definition ? error.why : messageOf(error), 2_000);
  const ending: Ending = {
    status: 'failed',
    reason: definition ? 'definition' : 'engine error',
    error: why,
    outcomes: [],
    findings: 0,
    actions: 0,
  };
  try {
    if (definition) await refuse(engine.db, run, why);
    // No further attempt can help a definition that cannot run.
    const last = definition ? { ...run, attempt: run.maxAttempts } : run;
    await handOn(engine, run, await engine.writer.end(last, ending));
  } catch (second) {
    engine.log.error(
      { err: second, run: run.id },
      'run could not be finished; rescue will take it over',
    );
  }
}
