import { actions } from './actions/actions.ts';

/** Keys that change no ticket. */
export const movingKeys: readonly [keys: string, words: string][] = [
  ['n', 'the next ticket (also: right); after the last one it begins again'],
  ['p', 'the ticket before (also: left)'],
  ['v', 'run the check again, and show its verdict'],
  ['e', 'explain: why it is not healed'],
  ['u', 'undo what you did last, and come back to its ticket'],
  ['/', 'filter: words of the title or the description, severity:high bot:NAME'],
  ['', 'component:NAME category:NAME with:NAME overdue reopened snoozed;'],
  ['', 'nothing for all'],
  ['?', 'this help'],
  ['q', 'quit (also: Ctrl-C)'],
];

const notes = [
  'Scroll: down, up, j, k, space, b, page down, page up, home and end. At its',
  'top a ticket shows a part of each section.',
  '',
  'What cannot be undone is done only after y; every other key leaves it.',
  'In a text, Enter ends it, Ctrl-J begins a line, and Escape leaves it and',
  'keeps what was typed. Several keys at once, and what is pasted, are text',
  'or nothing. Keys in the first moment of a ticket are ignored: they were',
  'meant for the one before. Ctrl-Z suspends, Ctrl-L draws the screen again.',
];

export const helpLines = (): string[] => [
  ...actions.map(({ key, words }) => `${key}  ${words}`),
  '',
  ...movingKeys.map(([key, words]) => `${key.padEnd(1)}  ${words}`),
  '',
  ...notes,
];
