import { exitCodes } from '../../ground/errors.ts';
import { cancelJobRun, type CancelledJobRun } from '../../services/jobs/cancel.ts';
import type { JobRunRow } from '../../services/jobs/list.ts';
import { jobRunIdOf } from '../../services/references/by-id.ts';
import { once } from '../../ground/once.ts';
import { actorOf } from '../arguments/actor.ts';
import { withDatabase } from '../session/database.ts';
import { noteIfIdle, waitForJob } from '../session/waiting.ts';
import { doEach, raiseExitCode } from '../terminal/do-each.ts';
import { note, say, shortId, state, time } from '../terminal/print.ts';
import { whyOf } from './show.ts';

interface CancelOptions {
  wait?: true;
  as?: string;
  json?: true;
}

export const cancelJobs = (given: string[], options: CancelOptions): Promise<void> =>
  withDatabase(async ({ db }) => {
    const actor = actorOf(options.as);
    const noteOnce = once(() => noteIfIdle(db, 'it ends when one starts'));
    await doEach(given, options, {
      idOf: (name) => jobRunIdOf(db, name),
      async act(name) {
        const cancelled = await cancelJobRun({ db, actor }, { run: name });
        const { run } = cancelled;
        if (!run.completed_at) await noteOnce();
        if (run.completed_at || !options.wait) {
          if (!options.json) tellAsked(cancelled);
          return run;
        }
        const ended = waitForJob(db, run.id);
        return async () => {
          const row = await ended;
          if (!row) {
            note('the request to stop stays');
            raiseExitCode(exitCodes.interrupted);
            return undefined;
          }
          // The run may have ended before the request reached it.
          if (row.status !== 'cancelled') raiseExitCode(exitCodes.failed);
          if (!options.json) tellEnded(row);
          return row;
        };
      },
    });
  });

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
