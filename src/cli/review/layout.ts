/** A state as a screen: a pure function, into a grid of this size. */
import { printable } from '../../ground/text.ts';
import { drawPrompt, heightOf } from '../screen/draw-prompt.ts';
import { Grid, type Size } from '../screen/grid.ts';
import { promptOf, type Prompt } from '../screen/prompt.ts';
import { ellipsis } from '../terminal/signs.ts';
import { cut, widthOf } from '../terminal/width.ts';
import { actions } from './actions/actions.ts';
import { inWidth, type Line } from './lines.ts';
import { inRoom, partsOf } from './parts.ts';
import { confirmKey } from './press.ts';
import type { State, View } from './state.ts';
import { offerOf, headline } from './words.ts';

/** On a smaller screen nothing is shown but how large it has to be. */
export const leastSize: Size = { columns: 60, rows: 15 };

export interface Layout {
  grid: Grid;
  view: View;
}

export function layout(state: State, size: Size): Layout {
  const grid = new Grid(size);
  if (size.columns < leastSize.columns || size.rows < leastSize.rows) return tooSmall(grid);
  drawHead(grid, state);
  const footRow = drawFoot(grid, state);
  const top = 1;
  const { mode, seen } = state;
  if (mode.kind === 'pages') {
    const lines = [{ text: mode.title, style: 'bold' } as Line, ...inWidth(mode.lines, grid)];
    return drawLines(grid, lines, { from: top, to: footRow, scroll: mode.scroll });
  }
  if (mode.kind === 'waiting')
    return drawLines(grid, inWidth(mode.lines, grid), { from: top, to: footRow, scroll: 0 });
  if (mode.kind === 'confirming' && mode.lines.length > 0)
    return drawLines(grid, inWidth(mode.lines, grid), { from: top, to: footRow, scroll: 0 });
  if (!seen) {
    const none = mode.kind === 'busy' ? [] : linesWithoutTicket(state);
    return drawLines(grid, inWidth(none, grid), { from: top + 1, to: footRow, scroll: 0 });
  }
  return drawTicket(grid, state, { from: top, to: footRow });
}

const linesWithoutTicket = ({ trail, filterText }: State): string[] => [
  trail.length > 0
    ? 'That was the last one. n begins again with those that are left, p goes back.'
    : filterText
      ? 'No such ticket. / changes the filter.'
      : 'No ticket waits for a person.',
  '`npx roundsman status` says whether anything else needs you. q quits.',
];

function tooSmall(grid: Grid): Layout {
  const { columns, rows } = leastSize;
  grid.write(0, 0, `needs ${columns}x${rows}, has ${grid.columns}x${grid.rows}`);
  grid.write(1, 0, 'enlarge it; q quits');
  return { grid, view: { rows: 1, maxScroll: 0, isTooSmall: true } };
}

function drawHead(grid: Grid, { seen, left, me, outage, filterText }: State): void {
  grid.fill(0, 0, 'bar');
  const right = outage
    ? 'no database '
    : `${filterText ? `only ${cut(printable(filterText), 20)}  ` : ''}${left > 0 ? `${left} not shown yet  ` : ''}${me} `;
  const from = Math.max(0, grid.columns - widthOf(right));
  grid.write(0, from, printable(right), 'bar');
  grid.write(0, 0, ` ${seen ? headline(seen) : 'tickets review'}`, 'bar', from - 1);
}

interface ScreenPart {
  from: number;
  /** the row after the last one */
  to: number;
  scroll: number;
}

/** Draws lines in a part of the screen, beginning with the one to which it is scrolled. */
function drawLines(grid: Grid, lines: Line[], { from, to, scroll }: ScreenPart): Layout {
  const rows = Math.max(1, to - from);
  const maxScroll = Math.max(0, lines.length - rows);
  const first = Math.min(scroll, maxScroll);
  for (const [index, { text, style }] of lines.slice(first, first + rows).entries())
    grid.write(from + index, 1, text, style);
  return { grid, view: { rows, maxScroll } };
}

/** Draws the ticket: at its top a part of each section; once it is scrolled, all of its lines. */
function drawTicket(grid: Grid, state: State, { from, to }: { from: number; to: number }): Layout {
  const seen = state.seen!;
  const { title, about, known, all } = partsOf(seen, grid);
  const rows = to - from;
  // One step more than there are lines that do not fit: the first step only replaces the parts with the top of all lines.
  const maxScroll = all.length > rows ? all.length - rows + 1 : 0;
  const view = { rows, maxScroll };
  if (state.scroll > 0 && maxScroll > 0) {
    const { grid: drawn } = drawLines(grid, all, { from, to, scroll: state.scroll - 1 });
    return { grid: drawn, view };
  }
  const short =
    title.length > 2
      ? [title[0]!, { ...title[1]!, text: `${title[1]!.text} ${ellipsis()}` }]
      : title;
  const upper = [...short, ...about].slice(0, Math.max(2, rows - 2 * known.length));
  const room = rows - upper.length;
  const fitted = inRoom(known, room);
  drawLines(grid, [...upper, ...fitted], { from, to, scroll: 0 });
  return { grid, view };
}

/** Draws the keys, the message and the question, at the bottom. Returns the first row that these take. */
function drawFoot(grid: Grid, state: State): number {
  const { mode } = state;
  const lines = [...offerLines(state, grid), ...messageLines(state, grid)];
  if (mode.kind === 'asking' || mode.kind === 'filtering') return drawQuestion(grid, state, lines);
  const first = grid.rows - lines.length;
  for (const [index, { text, style }] of lines.entries()) grid.write(first + index, 1, text, style);
  return first;
}

/** The lines about the key that approves, with the record of its entry, and about the other keys. */
function offerLines({ mode, seen }: State, grid: Grid): Line[] {
  switch (mode.kind) {
    case 'pages':
      return [{ text: 'down and up scroll, q goes back', style: 'dim' }];
    case 'waiting':
      return [{ text: 'Escape leaves the run to itself, x cancels it', style: 'dim' }];
    case 'confirming': {
      const { action, warning } = mode;
      const asks = `${action.name}: ${warning}. ${confirmKey} does it, any other key does not.`;
      return inWidth([asks], grid, 'yellow');
    }
    case 'reading':
    case 'busy': {
      const offer = seen && offerOf(seen);
      const keys = seen
        ? actions
            .filter(({ key, refusal }) => !answerKeys.has(key) || refusal(seen) === null)
            .map(({ key, name }) => `${key} ${name}`)
        : [];
      return [
        ...(offer ? inWidth([`a approves ${offer.does}`], grid, 'green').slice(0, 2) : []),
        ...(offer ? inWidth([`  ${offer.record}`], grid, 'green') : []),
        ...inRows(
          grid.rows < minRowsForKeys ? fewKeys : [...keys, ...(seen ? moves : movesWithoutTicket)],
          grid,
        ).map((text) => ({
          text,
          style: 'dim' as const,
        })),
      ];
    }
    default:
      return [];
  }
}

/** On a screen with fewer rows, the ticket takes the rows that the names of the keys would take. */
const minRowsForKeys = 20;
const fewKeys = ['? keys', 'n next', 'q quit'];

/** Keys that answer a suggestion: they are named only where there is one. */
const answerKeys = new Set(['a', 'x']);

const movesWithoutTicket = ['u undo', 'n next', 'p previous', '/ filter', '? help', 'q quit'];
const moves = 'v check again,e explain,u undo,n next,p previous,/ filter,? help,q quit'.split(',');

/** The words in rows, as many in each as it has room for; no word is broken. */
function inRows(words: readonly string[], { columns }: Grid): string[] {
  const rows = [''];
  for (const word of words) {
    const longer = rows.at(-1) === '' ? word : `${rows.at(-1)}  ${word}`;
    if (longer.length <= columns - 2) rows[rows.length - 1] = longer;
    else rows.push(word);
  }
  return rows;
}

const maxMessageRows = 5;

function messageLines({ mode, message, outage }: State, grid: Grid): Line[] {
  if (outage)
    return inWidth([`The database does not answer: ${outage}. Trying again.`], grid, 'red').slice(
      0,
      maxMessageRows,
    );
  const wrappedMessage = message
    ? inWidth([message.text], grid, message.tone === 'refused' ? 'yellow' : 'bold')
    : [];
  const rows = wrappedMessage.slice(0, maxMessageRows);
  if (mode.kind === 'busy') return [...rows, { text: `${mode.what} ${ellipsis()}`, style: 'dim' }];
  // A row of its own, so that the lines above do not move with each message.
  return rows.length > 0 ? rows : [{ text: '' }];
}

function drawQuestion(grid: Grid, state: State, lines: Line[]): number {
  const { mode } = state;
  const isText = mode.kind === 'filtering' || !questionOf(state)?.choices;
  const question = mode.kind === 'filtering' ? 'Filter' : questionOf(state)!.ask;
  const defaultAnswer = mode.kind === 'asking' ? questionOf(state)!.defaultAnswer : undefined;
  const asked = `${question}${defaultAnswer ? ` [${defaultAnswer}]` : ''}${isText ? ':' : ' (Escape leaves it)'}`;
  const prompt: Prompt =
    mode.kind === 'asking' || mode.kind === 'filtering' ? mode.prompt : promptOf('', false);
  const choices = (mode.kind === 'asking' && questionOf(state)?.choices) || [];
  const width = grid.columns - 2;
  const height = isText
    ? Math.min(Math.max(1, heightOf(prompt, width)), Math.floor(grid.rows / 3))
    : 0;
  const rows: Line[] = [
    ...inWidth([asked], grid, 'bold'),
    ...choices.map(({ key, words }) => ({ text: `  ${key}  ${words}` })),
  ].slice(0, Math.floor(grid.rows / 2));
  const first = grid.rows - rows.length - height - lines.length;
  for (const [index, { text, style }] of lines.entries()) grid.write(first + index, 1, text, style);
  for (const [index, { text, style }] of rows.entries())
    grid.write(first + lines.length + index, 1, text, style);
  const area = { row: grid.rows - height, column: 1, rows: height, columns: width };
  if (isText) drawPrompt(grid, area, prompt, 'plain');
  return first;
}

const questionOf = ({ mode }: State) =>
  mode.kind === 'asking' ? mode.questions[mode.answers.length] : undefined;
