import { setTimeout as sleep } from 'node:timers/promises';
import { queueManualRun, type ExecutionRow } from '../data/bots/bot-executions.ts';
import { doesWork, listNodes } from '../data/bots/engine.ts';
import type { Db } from '../data/connect.ts';
import { exitCodes } from '../errors.ts';
import { withDatabase } from './database.ts';
import { counted, duration, json, note, say, shortId, state } from './print.ts';
import { botOf } from './references.ts';
import { causeOf } from './runs-list.ts';

const pollMs = 250;
/** What a shell reports for a command that Ctrl-C ended. */
const interrupted = 130;

export const runBot = (given: string, options: { wait?: true; json?: true }): Promise<void> =>
  withDatabase(async ({ db }) => {
    const bot = await botOf(db, given);
    const run = await queueManualRun(db, bot.id);
    const look = `npx roundsman runs show ${shortId(run.id)}`;
    const idle = !(await listNodes(db)).some(doesWork);
    if (idle) note('no worker is alive: it runs when one starts (`npx roundsman up`)');
    if (!options.wait) {
      if (options.json) return json(run);
      say(`Queued a run of ${bot.name}: ${run.id}`);
      return say(`See \`${look}\`.`);
    }
    const ended = await untilEnded(db, run.id);
    if (!ended) {
      note(`it goes on; see \`${look}\``);
      process.exitCode = interrupted;
      return;
    }
    if (ended.status !== 'success') process.exitCode = exitCodes.failed;
    if (options.json) return json(ended);
    const cause = causeOf(ended);
    say(
      `${bot.name}: ${state(ended.status)} in ${duration(ended.execution_time_ms)}, ` +
        `${counted(ended.checks_performed ?? 0, 'check')}, ${counted(ended.issues_found ?? 0, 'issue')}${cause ? ` (${cause})` : ''}`,
    );
    say(`See \`${look}\`.`);
  });

/** The run's row once it has ended; null when Ctrl-C comes first. */
async function untilEnded(db: Db, id: string): Promise<ExecutionRow | null> {
  const stop = new AbortController();
  const interrupt = () => stop.abort();
  process.once('SIGINT', interrupt);
  note(`waiting for ${id}; Ctrl-C stops waiting, not the run`);
  try {
    while (!stop.signal.aborted) {
      const run = await db
        .selectFrom('bot_executions')
        .selectAll()
        .where('id', '=', id)
        .executeTakeFirstOrThrow();
      if (run.completed_at) return run;
      await sleep(pollMs, undefined, { signal: stop.signal }).catch(() => {});
    }
    return null;
  } finally {
    process.off('SIGINT', interrupt);
  }
}
