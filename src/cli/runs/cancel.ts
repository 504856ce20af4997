import { exitCodes } from '../../ground/errors.ts';
import { printable } from '../../ground/text.ts';
import { withDatabase } from '../session/database.ts';
import { doEach, raiseExitCode } from '../terminal/do-each.ts';
import { note, say, shortId, state, time } from '../terminal/print.ts';
import { runIdOf } from '../../services/references/by-id.ts';
import { cancelRun, type Cancelled } from '../../services/runs/cancel.ts';
import type { ExecutionRow } from '../../services/runs/list.ts';
import { actorOf } from '../arguments/actor.ts';
import { whyOf } from './list.ts';
import { noteIfIdle, waitFor } from '../session/waiting.ts';
import { once } from '../../ground/once.ts';

interface CancelOptions {
  reason?: string;
  wait?: true;
  json?: true;
}

export const cancel = (given: string[], options: CancelOptions): Promise<void> =>
  withDatabase(async ({ db }) => {
    const reason = options.reason?.trim() || null;
    const noteOnce = once(() => noteIfIdle(db, 'it ends when one starts'));
    await doEach(given, options, {
      idOf: (name) => runIdOf(db, name),
      async act(name) {
        const cancelled = await cancelRun({ db, actor: actorOf() }, { run: name, reason });
        const { run } = cancelled;
        if (!run.completed_at) await noteOnce();
        if (run.completed_at || !options.wait) {
          if (!options.json) tellAsked(cancelled);
          return run;
        }
        const ended = waitFor(db, run.id);
        return async () => {
          const row = await ended;
          if (!row) {
            note('the request to stop stays');
            raiseExitCode(exitCodes.interrupted);
            return undefined;
          }
          // The run may have ended before the request reached it.
          if (row.status !== 'cancelled') raiseExitCode(exitCodes.failed);
          if (!options.json) tellEnded(row, cancelled.bot);
          return row;
        };
      },
    });
  });

const nameOf = (id: string, bot: string): string => `${shortId(id)} of ${printable(bot)}`;

function tellAsked({ run, bot, askedBefore: asked }: Cancelled): void {
  const named = nameOf(run.id, bot);
  if (run.completed_at) return say(`Cancelled run ${named}: it had not started.`);
  say(
    asked
      ? `Run ${named} was asked to stop already, at ${time(asked)}.`
      : `Asked run ${named} to stop. ${run.status === 'queued' ? 'It had not started again, and ends within 2 s' : 'Its worker stops it within 2 s'}; what it has recorded stays.`,
  );
  say(`See \`npx roundsman runs show ${shortId(run.id)}\`.`);
}

function tellEnded(ended: ExecutionRow, bot: string): void {
  const why = whyOf(ended);
  say(`Run ${nameOf(ended.id, bot)}: ${state(ended.status)}${why ? ` (${why})` : ''}`);
  if (ended.status !== 'cancelled') say('It had ended before it was stopped.');
}
