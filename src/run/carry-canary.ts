import { noteCanaryAnswered, noteCanaryFailed, startCanary } from '../data/bots/canaries.ts';
import { messageOf } from '../ground/errors.ts';
import type { Children } from './tasks/children.ts';
import type { Engine } from './engine.ts';
import { fitting } from '../ground/text.ts';
import { within } from '../ground/within.ts';

/** What a child may take for the task, its start included. */
const childWithinMs = 5_000;

/**
 * Carries a canary as a run is carried: a child process does a task, and the result is recorded with the
 * connections and statements that record runs. It has no row of a run, so nothing counts it. Never rejects:
 * what goes wrong is written to its row, where the process that asked for it reads it.
 */
export async function carryCanary(engine: Engine, id: string): Promise<void> {
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

/** A child does the task in time, or what kept it from that is thrown. */
async function askChild(children: Children): Promise<void> {
  const until = performance.now() + childWithinMs;
  const taking = children.take();
  if (!(await within(childWithinMs, taking))) {
    void taking.then((place) => place.release()).catch(() => {});
    throw new Error(`no child was free or could be started within ${childWithinMs / 1000} s`);
  }
  const place = await taking;
  try {
    const asked = place.do('canary', null);
    if (await within(Math.max(1, until - performance.now()), asked)) return;
    place.stop('timeout');
    throw new Error(`no answer within ${childWithinMs / 1000} s`);
  } finally {
    place.release();
  }
}
