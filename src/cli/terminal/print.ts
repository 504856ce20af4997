import { styleText } from 'node:util';
import { exitCodes, messageOf, RoundsmanError, type Explanation } from '../../ground/errors.ts';
import { failureCode } from '../../ground/failure-code.ts';
import { printable } from '../../ground/text.ts';
import { inLines } from './in-lines.ts';
import { asJson } from './json.ts';
import { afterPage, write } from './page.ts';
import { inSources } from './stack.ts';
import { columnsOf, padded, widthOf } from './width.ts';

export { counted, countsInWords, duration, shortId, span } from '../../ground/text.ts';
export { inZone, moment, relative, time } from './times.ts';

type Style = Parameters<typeof styleText>[0];

/** Coloured on a terminal unless NO_COLOR is set. The text must be Roundsman's own or {@link printable}. */
export const paint = (style: Style, text: string, stream: NodeJS.WriteStream = process.stdout) =>
  styleText(style, text, { stream, validateStream: true });

/** Lines that have to stay as they are, on standard output: a table, a document. `end` follows the last one. */
export const put = (lines: string, end = '\n'): void => write(`${lines}${end}`);

/** A text in lines that fit a terminal, with `indent` before each but the first. Elsewhere it stays one line. */
const inLinesOf = (text: string, indent: string, stream: NodeJS.WriteStream): string =>
  inLines(text, indent, columnsOf(stream)).join('\n');

/** Roundsman's own words on standard output; what does not fit a line of a terminal goes on in the next one, after `indent`. */
export const say = (text = '', indent = ''): void =>
  put(
    text
      .split('\n')
      .map((line) => inLinesOf(line, indent, process.stdout))
      .join('\n'),
  );

/**
 * A line beside the result, on standard error, so that `--json` output stays whole; what does not fit a line of a terminal
 * goes on after `indent`.
 */
export const note = (text: string, indent = ''): void => {
  const { stderr } = process;
  stderr.write(`${paint('dim', inLinesOf(text, indent, stderr), stderr)}\n`);
};

/** A command beside the result, for a person to copy: it stays one line, which the terminal wraps by itself and copies whole. */
export const noteCommand = (command: string): void => {
  const { stderr } = process;
  stderr.write(`${paint('dim', command, stderr)}\n`);
};

/** A line beside a list: as {@link note}, and after the list also where a pager shows it. */
export const afterwards = (text: string, indent = ''): void => afterPage(() => note(text, indent));

/** Prints the one JSON document of `--json`: rows with their tables' column names. */
export const printJson = (value: unknown): void => put(asJson(value));

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

/**
 * The first `limit` rows of a list; says on standard error when there are more. The query has to ask for one row
 * more than that.
 */
export function firstOf<Row>(rows: Row[], limit: number): Row[] {
  if (rows.length > limit) noteMoreRows(limit);
  return rows.slice(0, limit);
}

/** Prints on standard error that the list does not show all rows. */
export const noteMoreRows = (limit: number): void =>
  note(`only the first ${limit}; --limit shows more`);

/** For the title of a list that may not show all: `(9)`, `(5 of 9)`. */
export const shownOf = (shown: number, all: number): string =>
  shown < all ? `(${shown} of ${all})` : `(${all})`;

/** Call it before each of several screens: it prints an empty line before all but the first. */
export function separator(): () => void {
  let isFirst = true;
  return () => {
    if (!isFirst) say();
    isFirst = false;
  };
}

/** A headline between the parts of a screen. */
export const section = (title: string): void => say(`\n${paint('bold', title)}`);

/** Foreign text, indented; of its formatting only the line breaks, and the spaces with which a line begins, are kept. */
export function prose(text: string): void {
  for (const line of text.trimEnd().split(/\r?\n/)) {
    const shown = printable(line);
    // Where a long line is divided, each part begins with the spaces of that line, because evidence is indented JSON.
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
 * Prints what, why and what to try on standard error; returns the exit code. `explanation` is for an error that was
 * not thrown on purpose; without it such an error is a defect.
 */
export function printError(error: unknown, explanation: Explanation | null): number {
  const line = (text: string) =>
    process.stderr.write(`${inLinesOf(text, ' '.repeat(7), process.stderr)}\n`);
  const red = (text: string) => paint('red', text, process.stderr);
  const known = error instanceof RoundsmanError ? error : explanation;
  if (known) {
    line(`${red('error:')} ${printable(known.what)}`);
    const [first = known.why, ...others] = known.reasons ?? [];
    line(`  why: ${printable(first)}`);
    for (const other of others) line(`       ${printable(other)}`);
    line(`  try: ${printable(known.hint)}`);
    const code = error instanceof RoundsmanError ? error.exitCode : exitCodes.failed;
    return code === exitCodes.failed ? failureCode() : code;
  }
  line(`${red('error:')} ${printable(messageOf(error))}`);
  if (error instanceof Error && error.stack)
    for (const frame of inSources(error.stack.split('\n').slice(1))) line(printable(frame));
  line('  This is a defect of Roundsman; the lines above say where.');
  return failureCode();
}
