/** What `status --watch` shows: the needs, the figures, the last runs and the worst tickets, in as many lines as the terminal has. */
import { keptBackInWords } from '../../ground/kept-back.ts';
import { printable } from '../../ground/text.ts';
import { inOneLine } from '../../services/progress/needs.ts';
import type { Status } from '../../services/status/show.ts';
import { inLines } from '../terminal/in-lines.ts';
import { paint, time } from '../terminal/print.ts';
import { ellipsis } from '../terminal/signs.ts';
import { cut, fitted, padded, widthOf } from '../terminal/width.ts';
import { barOf, failuresOf, p95Of } from './bars.ts';
import { figuresOf } from './figures.ts';
import { firstTexts, needsInRoom } from './in-room.ts';
import { ticketLines } from './ticket-lines.ts';

export interface Room {
  rows: number;
  columns: number;
}

const footer = 'q or Ctrl-C ends';

function needLines(status: Status, room: number, columns: number): string[] {
  if (status.needed.length > 0)
    return needsInRoom(status.needed.map(inOneLine), {
      rows: Math.max(1, Math.floor(room / 3)),
      maxRows: room - 1,
      columns,
    });
  const kept = keptBackInWords(status);
  return kept
    ? inLines(`Nothing needs you now; ${kept}.`, '  ', columns).slice(0, room)
    : [paint('green', 'Nothing needs you.')];
}

/**
 * All lines of each figure where there is room for all of them. Otherwise one line of each, except those that name a command: a
 * command is not cut.
 */
function figureLines(status: Status, { rows, columns }: Room): string[][] {
  const figures = figuresOf(status).flatMap(([label, words]) =>
    words === null || words === undefined ? [] : [[label, words] as const],
  );
  const width = Math.max(...figures.map(([label]) => widthOf(label)));
  const texts = figures.map(([label, words]) => {
    const line = `${paint('dim', padded(label, width))}  ${words}`;
    return { line, lines: inLines(line, ' '.repeat(width + 2), columns) };
  });
  const whole = texts.map(({ lines }) => lines);
  return whole.flat().length <= rows
    ? whole
    : texts.map(({ line, lines }) => (line.includes('`npx ') ? lines : [line]));
}

/** Names take the width that the widest bar and the widest words leave: 12 columns at least, 24 at most. */
function runLines({ lastRuns }: Status, columns: number): string[][] {
  const bars = lastRuns.map(barOf);
  const words = lastRuns.map((bot) => `${failuresOf(bot)}, p95 ${p95Of(bot)}`);
  const [barWidth, wordsWidth] = [bars, words].map((all) => Math.max(0, ...all.map(widthOf)));
  const nameWidth = Math.min(24, Math.max(12, columns - barWidth! - wordsWidth! - 4));
  return lastRuns.map((bot, index) => [
    `${padded(cut(printable(bot.name), nameWidth), nameWidth)}  ${padded(bars[index]!, barWidth!)}  ${words[index]!}`,
  ]);
}

const listOfTickets = 'npx roundsman tickets list';

/** The worst tickets that are not snoozed, and how many more there are; none where there is no room for one. */
function worstTickets({ tickets }: Status, rows: number): string[] {
  const all = tickets.all - tickets.snoozed;
  const lines = ticketLines(tickets.top);
  if (lines.length === all && all <= rows) return lines;
  const shown = lines.slice(0, Math.max(0, rows - 1));
  return shown.length === 0
    ? []
    : [...shown, paint('dim', `${ellipsis()} and ${all - shown.length} more: ${listOfTickets}`)];
}

/**
 * The lines, no more and no wider than there is room: first the needs, which a person has to see; then the figures, the last
 * runs in the rows that are left, and the worst tickets where rows are still free.
 */
export function statusBlock(status: Status, { rows, columns }: Room): string[] {
  const room = Math.max(1, rows - 1);
  const needed = needLines(status, room, columns);
  // The title, and the empty line before the figures.
  const left = room - needed.length - 2;
  const runsOfBots = runLines(status, columns);
  // The last runs come before further lines of figures.
  const rowsForFigures = left - (runsOfBots.length > 0 ? runsOfBots.length + 1 : 0);
  const figures = firstTexts(figureLines(status, { rows: rowsForFigures, columns }), left);
  const runs = firstTexts(runsOfBots, left - figures.length - 1);
  const free = left - figures.length - (runs.length > 0 ? runs.length + 1 : 0) - 1;
  const tickets = worstTickets(status, free);
  const lines = [
    paint('bold', `Roundsman at ${time(status.now)}`),
    ...needed,
    ...(figures.length > 0 ? ['', ...figures] : []),
    ...(runs.length > 0 ? ['', ...runs] : []),
    ...(tickets.length > 0 ? ['', ...tickets] : []),
  ];
  return withFooter(lines, { rows, columns });
}

/** What is shown while the database cannot be read: only why. What was shown before may have changed since. */
export const unknownBlock = (why: string, room: Room): string[] =>
  withFooter([paint('yellow', printable(why)), 'what runs now is not known'], room);

function withFooter(lines: string[], { rows, columns }: Room): string[] {
  const shown = rows < 2 ? lines : [...lines.slice(0, rows - 1), paint('dim', footer)];
  return shown.slice(0, Math.max(1, rows)).map((line) => fitted(line, columns));
}
