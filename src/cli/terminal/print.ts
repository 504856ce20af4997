import { styleText } from 'node:util';
import { exitCodes, messageOf, RoundsmanError, type Explanation } from '../../ground/errors.ts';
import { printable, span, time } from '../../ground/text.ts';
import { boundInWords } from '../../ground/time-bounds.ts';
import { columnsOf, padded, widthOf, wrapped } from './width.ts';

export { counted, duration, shortId, span, time } from '../../ground/text.ts';

type Style = Parameters<typeof styleText>[0];

/** Coloured on a terminal unless NO_COLOR is set. The text must be Roundsman's own or {@link printable}. */
export const paint = (style: Style, text: string, stream: NodeJS.WriteStream = process.stdout) =>
  styleText(style, text, { stream, validateStream: true });

/** Lines that have to stay as they are, on standard output: a table, a document. */
export const put = (lines: string): void => void process.stdout.write(`${lines}\n`);

/**
 * A text in lines that fit a terminal, with `indent` before each but the first: a terminal by itself would break words
 * in the middle. Elsewhere it stays one line.
 */
function inLines(text: string, indent: string, stream: NodeJS.WriteStream): string {
  const columns = columnsOf(stream);
  // Where the indent leaves less than half of a line, the terminal had better wrap it.
  return wrapped(text, Math.max(columns - indent.length, indent.length), columns).join(
    `\n${indent}`,
  );
}

/** Roundsman's own words on standard output; what does not fit a line of a terminal goes on in the next one, behind `indent`. */
export const say = (text = '', indent = ''): void =>
  put(
    text
      .split('\n')
      .map((line) => inLines(line, indent, process.stdout))
      .join('\n'),
  );

/**
 * A line beside the result, on standard error, so that `--json` output stays whole; what does not fit a line of a terminal
 * goes on behind `indent`.
 */
export const note = (text: string, indent = ''): void => {
  const { stderr } = process;
  stderr.write(`${paint('dim', inLines(text, indent, stderr), stderr)}\n`);
};

// JSON does not escape DEL, C1 controls and the marks that reorder text; escaped, they mean the same.
const hidden = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** The one JSON document that `--json` prints: rows with their tables' column names. */
export const json = (value: unknown): void =>
  put(
    JSON.stringify(value, null, 2).replaceAll(hidden, (found) =>
      [...Array(found.length).keys()]
        .map((unit) => `\\u${found.charCodeAt(unit).toString(16).padStart(4, '0')}`)
        .join(''),
    ),
  );

const severities: Record<string, Style> = {
  critical: ['bold', 'red'],
  high: 'red',
  medium: 'yellow',
  low: 'cyan',
  info: 'dim',
};
const states: Record<string, Style> = {
  active: 'green',
  success: 'green',
  verified: 'green',
  held: 'green',
  resolved: 'green',
  running: 'cyan',
  queued: 'cyan',
  applied: 'cyan',
  paused: 'yellow',
  skipped: 'dim',
  cancelled: 'dim',
  closed: 'dim',
  disabled: 'dim',
  undecided: 'dim',
  aborted: 'dim',
  unknown: 'yellow',
  open: 'yellow',
  assigned: 'yellow',
  failed: 'red',
  timeout: 'red',
  error: 'red',
  relapsed: 'red',
};

export const severity = (word: string): string => paint(severities[word] ?? 'dim', printable(word));
export const state = (word: string): string => stateAs(word, word);
/** A word in the colour of another word. */
export const stateAs = (like: string, word: string): string =>
  paint(states[like] ?? 'reset', printable(word));

/** Worst first, as everywhere. */
export const severityWords = Object.keys(severities);

/** `5m ago`, `in 2h`, `-` for null; `now` is the database's time. */
export function relative(at: Date | null | undefined, now: Date): string {
  if (!at) return '-';
  const bound = boundInWords(at);
  if (bound) return bound;
  const ms = at.getTime() - now.getTime();
  return ms > 0 ? `in ${span(ms)}` : `${span(ms)} ago`;
}

/** `2026-11-22 09:05:00 UTC (5m ago)`; null for null, which {@link facts} leaves out. */
export const moment = (at: Date | null | undefined, now: Date): string | null =>
  at ? (boundInWords(at) ?? `${time(at)} UTC (${relative(at, now)})`) : null;

/** The weekday and the time in a zone: `Mon 2026-11-23 09:00:00`. */
export function inZone(at: Date, zone: string): string {
  const day = at.toLocaleDateString('en-GB', { timeZone: zone, weekday: 'short' });
  return `${day} ${at.toLocaleString('sv-SE', { timeZone: zone })}`;
}

/**
 * The rows of a list; prints on standard error when there are more than `limit`. The query has to ask for one row
 * more than that.
 */
export function upTo<Row>(rows: Row[], limit: number): Row[] {
  if (rows.length > limit) tellOfMore(limit);
  return rows.slice(0, limit);
}

/** Prints on standard error that the list does not show all rows. */
export const tellOfMore = (limit: number): void =>
  note(`only the first ${limit}; --limit shows more`);

/** `3 active, 1 paused`, without what there is none of; null when there is nothing at all. */
export const listed = (counts: [count: number, words: string][]): string | null =>
  counts
    .filter(([count]) => count > 0)
    .map(([count, words]) => `${count} ${words}`)
    .join(', ') || null;

/** What stands behind the title of a list that may not show all: `(9)`, `(5 of 9)`. */
export const shownOf = (shown: number, all: number): string =>
  shown < all ? `(${shown} of ${all})` : `(${all})`;

/** A headline between the parts of a screen. */
export const section = (title: string): void => say(`\n${paint('bold', title)}`);

/** Foreign text, indented; of its formatting only the line breaks are kept. */
export function prose(text: string): void {
  for (const line of text.trimEnd().split(/\r?\n/)) {
    const shown = printable(line);
    // What a line begins with stays before each part of it: evidence is indented.
    const indent = `  ${/^ */.exec(shown)![0]}`;
    say(`${indent}${shown.trimStart()}`.trimEnd(), indent);
  }
}

/** `Label   value` lines under each other; a null value is left out. */
export function facts(pairs: [label: string, value: string | null | undefined][]): void {
  const given = pairs.filter(([, value]) => value !== null && value !== undefined);
  const width = Math.max(0, ...given.map(([label]) => widthOf(label)));
  const indent = ' '.repeat(width + 2);
  for (const [label, value] of given)
    say(`${paint('dim', padded(label, width))}  ${value}`, indent);
}

/**
 * Prints what, why and what to try on standard error; returns the exit code. `told` explains an error that was not
 * thrown on purpose; without it such an error is a defect.
 */
export function printError(error: unknown, told: Explanation | null): number {
  const line = (text: string) =>
    process.stderr.write(`${inLines(text, ' '.repeat(7), process.stderr)}\n`);
  const red = (text: string) => paint('red', text, process.stderr);
  const known = error instanceof RoundsmanError ? error : told;
  if (known) {
    line(`${red('error:')} ${printable(known.what)}`);
    const [first = known.why, ...others] = known.reasons ?? [];
    line(`  why: ${printable(first)}`);
    for (const other of others) line(`       ${printable(other)}`);
    line(`  try: ${printable(known.hint)}`);
    return error instanceof RoundsmanError ? error.exitCode : exitCodes.failed;
  }
  line(`${red('error:')} ${printable(messageOf(error))}`);
  if (error instanceof Error && error.stack)
    for (const at of error.stack.split('\n').slice(1)) line(printable(at));
  line('  This is a defect of Roundsman; the lines above say where.');
  return exitCodes.failed;
}
