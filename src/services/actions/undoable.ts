/** Whether, and why not, the effect of an action can be taken back. */
import type { Catalogue } from '../../catalogue/catalogue.ts';
import { undoRefusal, type ActionRow, type ListedAction } from '../../data/bots/bot-actions.ts';
import { isReversible } from './reversible.ts';

export interface Undoable {
  /** why it cannot be taken back as it stands; null where that is not in the way */
  refusal: string | null;
  /** its remedy is gone, or cannot take it back; null where it can */
  cannot: 'gone' | 'cannot' | null;
  /** why the last run of its bot could not do what was asked for; the next one tries again */
  delayed: string | null;
  /** why the last try failed */
  failed: string | null;
}

export function undoableOf(
  action: ListedAction,
  steps: ActionRow[],
  catalogue: Catalogue,
): Undoable {
  const remedy = catalogue.remedy(action.remedy);
  return {
    refusal: undoRefusal(action, steps),
    cannot: isReversible(remedy, action.risk) ? null : remedy ? 'cannot' : 'gone',
    delayed: told(action, 'undo_delayed'),
    failed: told(action, 'undo_failed'),
  };
}

/** What its evidence says; null where it says nothing. */
function told({ evidence }: ListedAction, name: 'undo_delayed' | 'undo_failed'): string | null {
  const why = (evidence as Record<string, unknown> | null)?.[name];
  return typeof why === 'string' ? why : null;
}
