import type { Catalogue } from '../../catalogue/catalogue.ts';
import { oneAction, stepsOfHeal } from '../../data/bots/bot-actions.ts';
import { currentTime } from '../../data/bots/engine.ts';
import type { Db } from '../../database/connect.ts';
import { actionIdOf } from '../references/by-id.ts';
import { undoableOf } from './undoable.ts';

export type { ListedAction } from '../../data/bots/bot-actions.ts';
export type { Undoable } from './undoable.ts';

/**
 * One step with the other steps of its heal, and whether it can be undone. Throws NotFoundError,
 * AmbiguousIdError.
 */
export async function showAction(
  { db, catalogue }: { db: Db; catalogue: () => Promise<Catalogue> },
  { action: given }: { action: string },
) {
  const action = await oneAction(db, await actionIdOf(db, given));
  const steps = await stepsOfHeal(db, action.heal_id);
  return {
    action,
    others: steps.filter(({ id }) => id !== action.id),
    undo: undoableOf(action, steps, await catalogue()),
    now: await currentTime(db),
  };
}
