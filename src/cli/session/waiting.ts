/** For commands that only write rows: notes when no process acts on the rows, and waits for the ends of runs. */
import { isOff } from '../../services/mode/change.ts';
import { hasWorker } from '../../services/runs/has-worker.ts';
import { untilJobEnded } from '../../services/jobs/watch.ts';
import type { JobRunRow } from '../../services/jobs/list.ts';
import { untilEnded, type ExecutionRow } from '../../services/runs/watch.ts';
import { note } from '../terminal/print.ts';
import type { Session } from './database.ts';

type Db = Session['db'];

/** Prints a note when no worker is alive; `consequence` says what happens once one is. */
export async function noteIfIdle(db: Db, consequence: string): Promise<void> {
  if (await hasWorker(db)) return;
  note(`no worker is alive: ${consequence} (\`npx roundsman up\`)`);
}

/** Prints a note when the mode is off; `what` says what does not happen then. */
export async function noteIfOff(db: Db, what: string): Promise<void> {
  if (await isOff(db)) note(`the mode is off: ${what} until \`npx roundsman mode safe\``);
}

type Wait<Row> = (db: Db, of: { run: string; signal: AbortSignal }) => Promise<Row | null>;

/** The run's row once it has ended; null when Ctrl-C comes first. */
async function untilInterrupted<Row>(db: Db, id: string, wait: Wait<Row>): Promise<Row | null> {
  const stop = new AbortController();
  const interrupt = () => stop.abort();
  process.once('SIGINT', interrupt);
  note(`waiting for ${id}; Ctrl-C stops waiting, not the run`);
  try {
    return await wait(db, { run: id, signal: stop.signal });
  } finally {
    process.off('SIGINT', interrupt);
  }
}

/**
 * Begins to wait for the end of the run. The promise may be awaited later, after waits for other runs have begun: a failure
 * is thrown only where it is awaited.
 */
function begin<Row>(db: Db, id: string, wait: Wait<Row>): Promise<Row | null> {
  const ended = untilInterrupted(db, id, wait);
  ended.catch(() => {});
  return ended;
}

/** Waits for the end of a bot's run, as {@link begin} says. */
export const waitFor = (db: Db, id: string): Promise<ExecutionRow | null> =>
  begin(db, id, untilEnded);

/** Waits for the end of a job's run, as {@link begin} says. */
export const waitForJob = (db: Db, id: string): Promise<JobRunRow | null> =>
  begin(db, id, untilJobEnded);
