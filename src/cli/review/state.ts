/** What a review knows: plain values. `update` (update.ts) makes the next state, and `layout` (layout.ts) draws one. */
import type { Review, ReviewFilter } from '../../services/tickets/review.ts';
import type { Prompt } from '../screen/prompt.ts';
import type { Input } from '../screen/keys.ts';
import type { ReviewAction, Done, Question, Undone } from './actions/action.ts';
import type { OwnChange } from './own-changes.ts';
import { unhurried, type Pace } from './pace.ts';

/** An action whose questions are being answered. */
export interface Asking {
  kind: 'asking';
  action: ReviewAction;
  questions: readonly Question[];
  answers: readonly string[];
  prompt: Prompt;
}

/** An action that cannot be undone, before the person confirms it. */
export interface Confirming {
  kind: 'confirming';
  action: ReviewAction;
  answers: readonly string[];
  warning: string;
  lines: readonly string[];
  /** what the preview has prepared for `perform` */
  kept: unknown;
}

export interface Filtering {
  kind: 'filtering';
  prompt: Prompt;
}

export type Mode =
  | { kind: 'reading' }
  | Asking
  | Confirming
  /** something is under way, perhaps a change; `from`: the mode that follows when it fails */
  | { kind: 'busy'; what: string; from: Mode; isChange?: true }
  /** text in place of the ticket */
  | { kind: 'pages'; title: string; lines: readonly string[]; scroll: number }
  /** a run is waited for */
  | { kind: 'waiting'; run: string; lines: readonly string[] }
  | Filtering;

/** What the next step has to know of the screen as it was drawn last. */
export interface View {
  /** the rows for lines that scroll */
  rows: number;
  /** how many lines they scroll at most */
  maxScroll: number;
  /** the terminal is too small: no ticket is shown, so nothing may be done about one */
  isTooSmall?: true;
}

/** A text that was typed and not used. */
export interface UnusedText {
  text: string;
  /** the command that takes it from a file; without this the text is not kept */
  commandWithFile?: Question['commandWithFile'];
}

export interface Message {
  tone: 'notice' | 'refused';
  text: string;
}

export interface State {
  me: string;
  /** the ticket on the screen; null where none is left, or none was read yet */
  seen: Review | null;
  /** how many tickets wait after it */
  left: number;
  /** the ids of the tickets that were shown, in this order */
  trail: readonly string[];
  /** the index in `trail` of the ticket on the screen */
  at: number;
  mode: Mode;
  /** the first line of the ticket that is shown; 0 shows a part of each section */
  scroll: number;
  view: View;
  message: Message | null;
  /** why the database does not answer; null where it does */
  outage: string | null;
  /** what was typed and not used, by ticket and action */
  drafts: Readonly<Record<string, UnusedText>>;
  /** what this person did, the newest last */
  done: readonly OwnChange[];
  /** ms: until then keys were meant for the ticket before */
  quietUntil: number;
  /** how the newest keys followed each other */
  pace: Pace;
  /** what a key asked for and is done after a pause; `from`: where it goes back to when other keys follow at once */
  held: { intents: readonly Intent[]; from: Mode } | null;
  filter: ReviewFilter;
  /** the filter as it was typed */
  filterText: string;
}

/** What the loop has to do; it answers with an event. */
export type Intent =
  | { do: 'next' }
  | { do: 'show'; ticket: string; at: number }
  | {
      do: 'perform';
      action: ReviewAction;
      seen: Review;
      answers: readonly string[];
      kept?: unknown;
    }
  | { do: 'preview'; action: ReviewAction; seen: Review; answers: readonly string[] }
  | { do: 'undo'; change: OwnChange }
  | { do: 'explain'; seen: Review }
  | { do: 'check'; seen: Review }
  | { do: 'stop waiting'; cancel: string | null }
  | { do: 'filter'; text: string }
  | { do: 'suspend' }
  | { do: 'draw again' }
  | { do: 'quit' };

export type Event =
  | { type: 'input'; input: Input }
  /** no key has come for a while (`apartMs` in pace.ts) */
  | { type: 'paused' }
  /** `review` is null where no further ticket is left; `left` counts it and those after it */
  | { type: 'next'; review: Review | null; left: number }
  | { type: 'shown'; review: Review; at: number }
  /** the ticket on the screen has changed: how it is now, and what happened, in words */
  | { type: 'changed'; review: Review; message: string }
  | { type: 'done'; done: Done; ticket: string }
  | { type: 'undone'; undone: Undone; ticket: string }
  | {
      type: 'previewed';
      action: ReviewAction;
      answers: readonly string[];
      lines: readonly string[];
      kept: unknown;
    }
  | { type: 'pages'; title: string; lines: readonly string[] }
  | { type: 'queued'; run: string; lines: readonly string[] }
  | { type: 'filtered'; filter: ReviewFilter; text: string }
  /** what was asked for was refused, or is not known to have happened; `isUndo`: it cannot be undone any more */
  | { type: 'failed'; text: string; isUndo?: true }
  | { type: 'outage'; why: string | null };

/** For this long after another ticket has appeared, keys are ignored: they were meant for the one before. */
export const quietMs = 300;

export const begin = (me: string, filter: ReviewFilter): State => ({
  me,
  seen: null,
  left: 0,
  trail: [],
  at: -1,
  mode: { kind: 'busy', what: 'reading the next ticket', from: { kind: 'reading' } },
  scroll: 0,
  view: { rows: 1, maxScroll: 0 },
  message: null,
  outage: null,
  drafts: {},
  done: [],
  quietUntil: 0,
  pace: unhurried,
  held: null,
  filter,
  filterText: '',
});

/** The key in `drafts` of what was typed for a question of an action about a ticket. */
export const draftKey = (seen: Review, action: ReviewAction, question: number): string =>
  `${seen.ticket.id} ${action.name} ${question}`;
