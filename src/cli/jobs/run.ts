import { exitCodes } from '../../ground/errors.ts';
import { printable } from '../../ground/text.ts';
import { runJob as ask, type AskedRun } from '../../services/jobs/run.ts';
import type { JobRunRow } from '../../services/jobs/list.ts';
import { actorOf } from '../arguments/actor.ts';
import { loadJobs } from '../session/catalogue.ts';
import { withDatabase } from '../session/database.ts';
import { noteIfIdle, waitForJob } from '../session/waiting.ts';
import { raiseExitCode } from '../terminal/do-each.ts';
import { counted, facts, note, printJson, say, shortId, state } from '../terminal/print.ts';
import { figuresAsJson, figuresInLines } from './figures.ts';
import { durationOf } from './list.ts';
import { whyOf } from './show.ts';

interface RunOptions {
  payload?: string;
  /** undefined: only where a person watches */
  wait?: boolean;
  as?: string;
  json?: true;
}

/** Asks for a run, and waits for its end where a person watches or `--wait` is given. */
export const runJob = (given: string, options: RunOptions): Promise<void> =>
  withDatabase(async ({ db }) => {
    const { payload, json: isJson, wait = Boolean(process.stdout.isTTY) } = options;
    const asked = await ask(
      { db, actor: actorOf(options.as), jobs: await loadJobs() },
      { job: given, payload },
    );
    const { run } = asked;
    await noteIfIdle(db, 'it runs when one starts');
    noteQueue(asked);
    if (!wait) {
      if (isJson) return printJson(run);
      return say(`Asked for a run of ${run.job}: ${run.id}\n${lookAt(run)}`);
    }
    const ended = await waitForJob(db, run.id);
    if (!ended) {
      note(`the run goes on; ${lookAt(run)}`);
      return raiseExitCode(exitCodes.interrupted);
    }
    if (ended.status !== 'success') raiseExitCode(exitCodes.failed);
    if (isJson) printJson(ended);
    else tellEnded(ended);
  });

const lookAt = ({ job }: JobRunRow): string => `See \`npx roundsman jobs history ${job}\`.`;

/** A person who waits is told for what: a job runs as often at the same time as its concurrency allows, on all hosts together. */
function noteQueue({ before, concurrency }: AskedRun): void {
  if (before.length < concurrency) return;
  const [first] = before;
  const isRunning = first!.status === 'running';
  note(
    `${counted(before.length, 'other run')} of it ${before.length === 1 ? 'is' : 'are'} open, and this one waits for ${isRunning ? `the one that is running on ${printable(first!.worker ?? 'a worker')}` : 'them'}: \`npx roundsman jobs cancel ${shortId(first!.id)}\` ends it`,
  );
}

function tellEnded(run: JobRunRow): void {
  const why = whyOf(run);
  say(`${run.job}: ${state(run.status)} in ${durationOf(run)}${why ? ` (${why})` : ''}`);
  if (run.figures === null) return;
  if (process.stdout.isTTY) facts(figuresInLines(run.figures));
  else say(figuresAsJson(run.figures));
}
