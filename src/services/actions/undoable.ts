/** Whether the effect of an action can be undone, and why not. */
import type { Catalogue } from '../../catalogue/catalogue.ts';
import { undoRefusal, type ActionRow, type ListedAction } from '../../data/bots/bot-actions.ts';
import { isReversible } from './reversible.ts';

export interface Undoable {
  /** why it cannot be undone in its present state; null if the state allows it */
  refusal: string | null;
  /** why its remedy cannot undo it: the remedy no longer exists (gone), or has no undo for it; null if it can */
  obstacle: 'gone' | 'no undo' | null;
  /** why the last run of its bot could not carry out the requested undo; the next run tries again */
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
    obstacle: isReversible(remedy, action.risk) ? null : remedy ? 'no undo' : 'gone',
    delayed: undoNoteOf(action, 'undo_delayed'),
    failed: undoNoteOf(action, 'undo_failed'),
  };
}

/** The text under this name in the action's evidence; null if there is none. */
function undoNoteOf(
  { evidence }: ListedAction,
  name: 'undo_delayed' | 'undo_failed',
): string | null {
  const why = (evidence as Record<string, unknown> | null)?.[name];
  return typeof why === 'string' ? why : null;
}
