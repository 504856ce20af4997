import { noteCanaryAnswered, noteCanaryFailed, startCanary } from '../data/progress/canaries.ts';
import { messageOf } from '../ground/errors.ts';
import type { Children } from './tasks/children.ts';
import type { Engine } from './engine.ts';
import { fitting } from '../ground/text.ts';
import { settlesWithin } from '../ground/settles-within.ts';

/** How long a child may take for the task, including the time to start it. */
const childWithinMs = 5_000;

/**
 * Takes a canary through the steps of a run: a child process does a task, and the result is recorded with the same
 * connections and statements that record runs. A canary has no row in `bot_executions`, so no count includes it. Never
 * rejects: an error is written to the canary's row, where the process that asked for the canary reads it.
 */
export async function performCanary(engine: Engine, id: string): Promise<void> {
  const { db, children, writer, emit, worker } = engine;
  try {
    if (!(await startCanary(db, id, worker))) return;
    await askChild(children);
    await noteCanaryAnswered(db, id);
    await writer.recordCanary(id);
  } catch (error) {
    emit('canary.failed', { err: error, canary: id });
    await noteCanaryFailed(db, id, fitting(messageOf(error), 500)).catch(() => {});
  }
}

/** Has a child do the task. Throws with the reason when no child has done it in time. */
async function askChild(children: Children): Promise<void> {
  const until = performance.now() + childWithinMs;
  const taking = children.take();
  if (!(await settlesWithin(childWithinMs, taking))) {
    void taking.then((child) => child.release()).catch(() => {});
    throw new Error(`no child was free or could be started within ${childWithinMs / 1000} s`);
  }
  const child = await taking;
  try {
    const answer = child.do('canary', null);
    if (await settlesWithin(Math.max(1, until - performance.now()), answer)) return;
    child.stop('timeout');
    throw new Error(`no answer within ${childWithinMs / 1000} s`);
  } finally {
    child.release();
  }
}
