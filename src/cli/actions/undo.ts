import {
  CannotUndoError,
  oneAction,
  requestUndo,
  stepsOf,
  undoRefusal,
} from '../../data/bots/bot-actions.ts';
import { currentMode } from '../../data/bots/engine.ts';
import { printable, storable } from '../../ground/text.ts';
import { isReversible } from './reversible.ts';
import { told } from './show.ts';
import { actor } from '../arguments/actor.ts';
import { agrees } from '../terminal/ask.ts';
import { loadCatalogue } from '../session/catalogue.ts';
import { withDatabase } from '../session/database.ts';
import { json, note, say, shortId, time } from '../terminal/print.ts';
import { actionIdOf } from '../../services/references/by-id.ts';
import { noteIfIdle } from '../session/waiting.ts';

interface UndoOptions {
  as?: string;
  yes?: true;
  json?: true;
}

export const undoAction = (given: string, options: UndoOptions): Promise<void> =>
  withDatabase(async ({ db }) => {
    const id = await actionIdOf(db, given);
    const action = await oneAction(db, id);
    const refusal = undoRefusal(action, await stepsOf(db, action.heal_id));
    const remedy = (await loadCatalogue()).remedy(action.remedy);
    if (refusal || !isReversible(remedy, action.risk))
      throw new CannotUndoError({
        what: `action ${shortId(id)} cannot be undone`,
        why: refusal ?? `${action.remedy} ${remedy ? 'cannot be taken back' : 'is gone'}`,
        hint: `see \`npx roundsman actions show ${shortId(id)}\``,
      });
    const what = printable(action.action_description);
    if (options.json) note(what);
    else say(what);
    if (!options.yes && !(await agrees('Have it taken back?'))) return note('nothing was changed');
    const { action: asked, run } = await requestUndo(db, id, storable(actor(options.as)));
    if (run) await noteIfIdle(db, 'it is done when one starts');
    if ((await currentMode(db)) === 'off')
      note('the mode is off: nothing is done or undone until `npx roundsman mode safe`');
    if (options.json) return json({ ...asked, bot_executions: run });
    const delayed = told(action, 'undo_delayed');
    if (delayed) say(`The last run of its bot could not do it: ${delayed}`);
    if (!run) {
      const by = printable(asked.undo_requested_by ?? 'somebody');
      return say(`${by} asked for it already, at ${time(asked.undo_requested_at)} UTC.`);
    }
    say(`Asked for. Queued a run of ${printable(action.bots.name ?? '-')}: ${run.id}`);
    say(`See \`npx roundsman runs show ${shortId(run.id)}\`.`);
  });
