import type { Stop } from '../children/protocol.ts';
import { once } from '../ground/once.ts';
import type { Engine } from './engine.ts';
import { whyCutOff } from './own-connection.ts';
import type { ChildLease } from './tasks/children.ts';
import { codeOfBot, type GivenSecret } from './tasks/task.ts';
import type { Run } from './writer/run.ts';

/** A run with its child: the value that passes through every step between its start and its end. */
export interface RunContext {
  run: Run;
  /** where its checks and remedies are carried out */
  child: ChildLease;
  /** the time by the database's clock */
  now(): Date;
  /** the time until the run's deadline */
  leftMs(): number;
  /** the run's own: aborted with a {@link Stop} as its reason */
  signal: AbortSignal;
  /** the secrets that the bot's checks get, once they have been read: the run keeps the values that it began with */
  secrets?: GivenSecret[];
  /** why this machine cannot reach anything outside; null where it can or where that is not known. Asked once a run */
  whyCutOff(): Promise<string | null>;
}

/** Gives a run a child for the length of `work`. The deadline starts when a child is free. */
export async function withChild<Result>(
  { children, db }: Engine,
  run: Run,
  work: (context: RunContext) => Promise<Result>,
): Promise<Result> {
  const began = performance.now();
  const child = await children.take(codeOfBot(run.bot.endpoint));
  const until = performance.now() + run.timeoutMs;
  const deadline = setTimeout(() => run.stop('timeout'), run.timeoutMs);
  const stop = () => child.stop(run.signal.reason as Stop);
  run.signal.addEventListener('abort', stop, { once: true });
  try {
    return await work({
      run,
      child,
      now: () => new Date(run.startedAt.getTime() + performance.now() - began),
      leftMs: () => until - performance.now(),
      signal: run.signal,
      whyCutOff: once(() => whyCutOff(db, run.signal)),
    });
  } finally {
    clearTimeout(deadline);
    run.signal.removeEventListener('abort', stop);
    child.release();
  }
}
