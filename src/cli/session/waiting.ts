/** Commands that only write rows: who will act on them, and what became of them. */
import type { ExecutionRow } from '../../data/bots/bot-executions.ts';
import { doesWork, listNodes } from '../../data/bots/engine.ts';
import type { Db } from '../../database/connect.ts';
import { untilEnded as ended } from '../../services/runs/watch.ts';
import { note } from '../terminal/print.ts';

/** What a shell reports for a command that Ctrl-C ended. */
export const interrupted = 130;

/** Says so when nobody is there to do it; `until` is what happens once somebody is. */
export async function noteIfIdle(db: Db, until: string): Promise<void> {
  if ((await listNodes(db)).some(doesWork)) return;
  note(`no worker is alive: ${until} (\`npx roundsman up\`)`);
}

/** The run's row once it has ended; null when Ctrl-C comes first. */
export async function untilEnded(db: Db, id: string): Promise<ExecutionRow | null> {
  const stop = new AbortController();
  const interrupt = () => stop.abort();
  process.once('SIGINT', interrupt);
  note(`waiting for ${id}; Ctrl-C stops waiting, not the run`);
  try {
    return await ended(db, { run: id, signal: stop.signal });
  } finally {
    process.off('SIGINT', interrupt);
  }
}
