import { printable } from '../../ground/text.ts';
import { findUndoable, undoAction as undo } from '../../services/actions/undo.ts';
import { actorOf } from '../arguments/actor.ts';
import { goesAhead } from '../terminal/ask.ts';
import { loadCatalogue } from '../session/catalogue.ts';
import { withDatabase } from '../session/database.ts';
import { printJson, note, say, shortId, time } from '../terminal/print.ts';
import { noteIfIdle, noteIfOff } from '../session/waiting.ts';

interface UndoOptions {
  as?: string;
  yes?: true;
  json?: true;
}

export const undoAction = (given: string, options: UndoOptions): Promise<void> =>
  withDatabase(async ({ db }) => {
    const { action, delayed } = await findUndoable(
      { db, catalogue: loadCatalogue },
      { action: given },
    );
    const what = printable(action.action_description);
    if (options.json) note(what);
    else say(what);
    if (!(await goesAhead(options, 'Undo it?'))) return;
    const { action: asked, run } = await undo({ db, actor: actorOf(options.as) }, { action });
    if (run) await noteIfIdle(db, 'it is undone when one starts');
    await noteIfOff(db, 'nothing is done or undone');
    if (options.json) return printJson({ ...asked, bot_executions: run });
    if (delayed) say(`The last run of its bot could not undo it: ${printable(delayed)}`);
    if (!run) {
      const by = printable(asked.undo_requested_by ?? 'a person');
      return say(`${by} asked for this undo already, at ${time(asked.undo_requested_at)}.`);
    }
    say(`The undo is requested. Queued a run of ${printable(action.bots.name ?? '-')}: ${run.id}`);
    say(`See \`npx roundsman runs show ${shortId(run.id)}\`.`);
  });
