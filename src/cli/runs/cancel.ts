import { printable } from '../../ground/text.ts';
import { runIdOf } from '../../services/references/by-id.ts';
import { cancelRun, type Cancelled } from '../../services/runs/cancel.ts';
import type { ExecutionRow } from '../../services/runs/list.ts';
import { actorOf } from '../arguments/actor.ts';
import { cancelEach } from '../session/cancelling.ts';
import { waitFor } from '../session/waiting.ts';
import { say, shortId, state, time } from '../terminal/print.ts';
import { whyOf } from './list.ts';

interface CancelOptions {
  reason?: string;
  wait?: true;
  json?: true;
}

export const cancel = (given: string[], options: CancelOptions): Promise<void> =>
  cancelEach(given, options, {
    idOf: runIdOf,
    cancel: (db, run) =>
      cancelRun({ db, actor: actorOf() }, { run, reason: options.reason?.trim() || null }),
    waitFor,
    tellAsked,
    tellEnded,
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

function tellEnded(ended: ExecutionRow, { bot }: Cancelled): void {
  const why = whyOf(ended);
  say(`Run ${nameOf(ended.id, bot)}: ${state(ended.status)}${why ? ` (${why})` : ''}`);
  if (ended.status !== 'cancelled') say('It had ended before it was stopped.');
}
