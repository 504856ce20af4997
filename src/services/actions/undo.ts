import type { Catalogue } from '../../catalogue/catalogue.ts';
import {
  CannotUndoError,
  oneAction,
  stepsOfHeal,
  type ListedAction,
} from '../../data/bots/bot-actions.ts';
import type { Db } from '../../database/connect.ts';
import { shortId, storable } from '../../ground/text.ts';
import { retryWhileLocked } from '../../database/retry-while-locked.ts';
import { requestUndo } from '../../transitions/actions/request-undo.ts';
import { authorise, type Actor } from '../actor.ts';
import { actionIdOf } from '../references/by-id.ts';
import { undoableOf } from './undoable.ts';

/**
 * The current row of an action that can be undone; `delayed` is as in {@link undoableOf}. Throws NotFoundError, AmbiguousIdError,
 * CannotUndoError.
 */
export async function findUndoable(
  { db, catalogue }: { db: Db; catalogue: () => Promise<Catalogue> },
  { action: given }: { action: string },
): Promise<{ action: ListedAction; delayed: string | null }> {
  const id = await actionIdOf(db, given);
  const action = await oneAction(db, id);
  const steps = await stepsOfHeal(db, action.heal_id);
  const { refusal, obstacle, delayed } = undoableOf(action, steps, await catalogue());
  if (!refusal && !obstacle) return { action, delayed };
  throw new CannotUndoError({
    what: `action ${shortId(id)} cannot be undone`,
    why:
      refusal ??
      `${action.remedy} ${obstacle === 'no undo' ? 'cannot be undone' : 'no longer exists'}`,
    hint: `see \`npx roundsman actions show ${shortId(id)}\``,
  });
}

/**
 * Asks for an undo and queues a run of the action's bot, which carries it out. Queues no run when one for an earlier
 * request is still pending. For operators. Throws CannotUndoError when the action can no longer be undone.
 */
export async function undoAction(
  { db, actor }: { db: Db; actor: Actor },
  { action: { id } }: { action: Pick<ListedAction, 'id'> },
) {
  authorise(actor, 'undo actions', 'operator');
  return retryWhileLocked(db, (trx) => requestUndo(trx, id, storable(actor.name)));
}
