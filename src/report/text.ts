/** A report in plain text of at most 80 columns. */
import { counted, printable } from '../ground/text.ts';
import { cut as cutWith, padded, widthOf, wrapped } from '../ground/width.ts';
import { comparisonOf } from './comparison.ts';
import { pickBots, pickGaps } from './pick.ts';
import type { Report } from './report.ts';
import { factsOf } from './facts.ts';
import * as words from './words.ts';

const columns = 80;
const maxBots = 25;
const maxGaps = 40;

/** Cuts with a mark in ASCII: the reader's program may show no other characters. */
const cut = (text: string, width: number): string => cutWith(text, width, '...');

/** Wraps a text into lines of at most 80 columns, all but the first with `indent` before them. A word that is too long is cut. */
function lines(text: string, indent = ''): string[] {
  const room = columns - indent.length;
  return wrapped(text, room, columns).map((line, index) =>
    index === 0 ? cut(line, columns) : indent + cut(line, room),
  );
}

/** Cells under each other: the first column to the left, the others to the right. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, index) => Math.max(...rows.map((row) => widthOf(row[index]!))));
  const others = widths.slice(1).reduce((sum, width) => sum + width + 2, 0);
  const first = Math.min(widths[0]!, columns - others);
  return rows.map((row) =>
    [
      padded(cut(row[0]!, first), first),
      ...row.slice(1).map((cell, index) => ' '.repeat(widths[index + 1]! - widthOf(cell)) + cell),
    ].join('  '),
  );
}

const part = (title: string, content: string[]): string[] =>
  content.length === 0 ? [] : ['', title, ...content];

export function asText(report: Report, notes: readonly string[] = []): string {
  const bots = pickBots(report, maxBots);
  const gaps = pickGaps(report, maxGaps);
  const facts = factsOf(report);
  const width = Math.max(...facts.map(([label]) => label.length)) + 2;
  return [
    ...lines(words.headline(report)),
    ...notes.flatMap((note) => lines(printable(note), '  ')),
    '',
    ...lines(words.proofInWords(report)),
    ...lines(words.needsInWords(report)),
    ...part(
      'What to do first',
      report.needs.flatMap((need, index) =>
        lines(`${index + 1}. ${printable(need.what)}: ${printable(need.try)}`, '   '),
      ),
    ),
    ...part(
      'Slots that were not run',
      gaps.shown.flatMap((gap) => lines(`${printable(gap.bot)}: ${words.gapInWords(gap)}`, '  ')),
    ),
    ...(gaps.others > 0
      ? lines(`and ${counted(gaps.others, 'more gap')}: npx roundsman report --format json`)
      : []),
    ...part(
      'Not known',
      words.unknownBots(report).flatMap(({ bot, why }) => lines(`${bot}: ${why}`, '  ')),
    ),
    ...part(
      'Bots',
      bots.shown.length === 0 ? [] : table([words.botColumns, ...bots.shown.map(words.botCells)]),
    ),
    ...(bots.others > 0 ? lines(othersInWords(bots.others, report)) : []),
    ...part(
      'Found, healed and told',
      facts.flatMap(([label, value]) => lines(`${label.padEnd(width)}${value}`, ' '.repeat(width))),
    ),
    ...part(
      'Worst tickets',
      report.tickets.bot_tickets.flatMap((ticket) => lines(words.ticketInWords(ticket), '  ')),
    ),
    ...comparison(report),
  ].join('\n');
}

const othersInWords = (others: number, { bots }: Report): string =>
  bots.filter(words.isNotable).length > maxBots
    ? `and ${counted(others, 'more bot')}: npx roundsman report --format json`
    : `and ${counted(others, 'bot')} whose slots all ran with success, or that had none due`;

function comparison(report: Report): string[] {
  const beside = comparisonOf(report);
  return part(
    'Beside earlier periods',
    beside === null ? ['There is none yet.'] : table([beside.head, ...beside.rows]),
  );
}
