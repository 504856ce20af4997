/** A report in Markdown, as GitHub and others read it. No foreign text becomes markup, a link, a mention or HTML. */
import { counted, printable } from '../ground/text.ts';
import { comparisonOf } from './comparison.ts';
import { command } from './markup.ts';
import { pickBots, pickGaps } from './pick.ts';
import type { Report } from './report.ts';
import { factsOf } from './facts.ts';
import * as words from './words.ts';

const maxBots = 100;
const maxGaps = 100;

/**
 * Puts a backslash before each character that means something to Markdown within a line (CommonMark 2.4), and where GitHub
 * would make a link of an address. Markdown draws several spaces as one, so they become one.
 */
const escaped = (text: string): string =>
  printable(text)
    .replaceAll(/[\\`*_{}[\]<>#|~&@!$^]|:(?=\/\/)|(?<=www)\./gi, '\\$&')
    .replaceAll(/ {2,}/g, ' ')
    .trim();

/** Commands in backquotes stay code: those are Roundsman's own. Other backquotes are text. */
const withCommands = (text: string): string =>
  text
    .split(command)
    .map((piece, index) => (index % 2 === 1 ? `\`${printable(piece)}\`` : escapedWithin(piece)))
    .join('');

/** Escapes the text between two commands; the spaces that separate it from them stay. */
const escapedWithin = (piece: string): string => {
  const [, before, text, after] = /^( ?)(.*?)( ?)$/s.exec(piece)!;
  return before + escaped(text!) + after;
};

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string[] => [
  `| ${head.map(escaped).join(' | ')} |`,
  `| ${head.map((_, index) => (index === 0 ? '---' : '---:')).join(' | ')} |`,
  ...rows.map((row) => `| ${row.map(escaped).join(' | ')} |`),
];

const part = (title: string, content: string[]): string[] =>
  content.length === 0 ? [] : ['', `## ${title}`, '', ...content];

export function asMarkdown(report: Report, notes: readonly string[] = []): string {
  const bots = pickBots(report, maxBots);
  const gaps = pickGaps(report, maxGaps);
  const beside = comparisonOf(report);
  return [
    `# ${escaped(words.headline(report))}`,
    '',
    ...notes.flatMap((note) => [escaped(note), '']),
    escaped(`${words.proofInWords(report)} ${words.needsInWords(report)}`),
    ...part(
      'What to do first',
      report.needs.map(
        (need, index) => `${index + 1}. ${escaped(need.what)}: ${withCommands(need.try)}`,
      ),
    ),
    ...part('Slots that were not run', [
      ...gaps.shown.map((gap) => `- **${escaped(gap.bot)}**: ${escaped(words.gapInWords(gap))}`),
      ...(gaps.others > 0 ? [`- and ${counted(gaps.others, 'more gap')}`] : []),
    ]),
    ...part(
      'Not known',
      words.unknownBots(report).map(({ bot, why }) => `- **${escaped(bot)}**: ${escaped(why)}`),
    ),
    ...part('Bots', [
      ...(bots.shown.length > 0 ? table(words.botColumns, bots.shown.map(words.botCells)) : []),
      ...(bots.others > 0 ? ['', `and ${counted(bots.others, 'more bot')}`] : []),
    ]),
    ...part('Found, healed and told', table(['What', 'How many'], factsOf(report))),
    ...part(
      'Worst tickets',
      report.tickets.bot_tickets.map((ticket) => `- ${escaped(words.ticketInWords(ticket))}`),
    ),
    ...part(
      'Beside earlier periods',
      beside === null ? ['There is none yet.'] : table(beside.head, beside.rows),
    ),
  ].join('\n');
}
