import { cancelJobRun, type CancelledJobRun } from '../../services/jobs/cancel.ts';
import type { JobRunRow } from '../../services/jobs/list.ts';
import { jobRunIdOf } from '../../services/references/by-id.ts';
import { actorOf } from '../arguments/actor.ts';
import { cancelEach } from '../session/cancelling.ts';
import { waitForJob } from '../session/waiting.ts';
import { say, shortId, state, time } from '../terminal/print.ts';
import { whyOf } from './show.ts';

interface CancelOptions {
  wait?: true;
  as?: string;
  json?: true;
}

export async function cancelJobs(given: string[], options: CancelOptions): Promise<void> {
  const actor = actorOf(options.as);
  await cancelEach(given, options, {
    idOf: jobRunIdOf,
    cancel: (db, run) => cancelJobRun({ db, actor }, { run }),
    waitFor: waitForJob,
    tellAsked,
    tellEnded,
  });
}

const nameOf = ({ id, job }: JobRunRow): string => `${shortId(id)} of ${job}`;

function tellAsked({ run, askedBefore: asked }: CancelledJobRun): void {
  if (run.completed_at) return say(`Cancelled run ${nameOf(run)}: it had not started.`);
  say(
    asked
      ? `Run ${nameOf(run)} was asked to stop already, at ${time(asked)}.`
      : `Asked run ${nameOf(run)} to stop. Its worker stops it within 2 s; what it has committed stays.`,
  );
  say(`See \`npx roundsman jobs history ${run.job}\`.`);
}

function tellEnded(row: JobRunRow): void {
  const why = whyOf(row);
  say(`Run ${nameOf(row)}: ${state(row.status)}${why ? ` (${why})` : ''}`);
  if (row.status !== 'cancelled') say('It had ended before it was stopped.');
}
