import { exitCodes } from '../../ground/errors.ts';
import { printable } from '../../ground/text.ts';
import { withDatabase } from '../session/database.ts';
import { json, note, say, shortId, state, time } from '../terminal/print.ts';
import { cancelRun } from '../../services/runs/cancel.ts';
import { actorOf } from '../arguments/actor.ts';
import { causeOf } from './list.ts';
import { noteIfIdle, untilEnded } from '../session/waiting.ts';

interface CancelOptions {
  reason?: string;
  wait?: true;
  json?: true;
}

export const cancel = (given: string, options: CancelOptions): Promise<void> =>
  withDatabase(async ({ db }) => {
    const {
      run,
      bot,
      askedBefore: asked,
    } = await cancelRun(
      { db, actor: actorOf() },
      { run: given, reason: options.reason?.trim() || null },
    );
    const { id } = run;
    const named = `${shortId(id)} of ${printable(bot)}`;
    if (run.completed_at) {
      if (options.json) return json(run);
      return say(`Cancelled run ${named}: it had not started.`);
    }
    await noteIfIdle(db, 'it ends when one starts');
    if (!options.wait) {
      if (options.json) return json(run);
      say(
        asked
          ? `Run ${named} was asked to stop already, at ${time(asked)} UTC.`
          : `Asked run ${named} to stop. ${run.status === 'queued' ? 'It had not started again, and ends within 2 s' : 'Its worker stops it within 2 s'}; what it has recorded stays.`,
      );
      return say(`See \`npx roundsman runs show ${shortId(id)}\`.`);
    }
    const ended = await untilEnded(db, id);
    if (!ended) {
      note('the request to stop stays');
      process.exitCode = exitCodes.interrupted;
      return;
    }
    // The run may have ended before the request reached it.
    if (ended.status !== 'cancelled') process.exitCode = exitCodes.failed;
    if (options.json) return json(ended);
    const cause = causeOf(ended);
    say(`Run ${named}: ${state(ended.status)}${cause ? ` (${cause})` : ''}`);
    if (ended.status !== 'cancelled') say('It had ended before it was stopped.');
  });
