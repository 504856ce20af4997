import { RE2JS, RE2JSSyntaxException } from 're2js';
import { messageOf, UsageError } from '../../ground/errors.ts';
import { requiredLiterals, shortestLength, type AnyOf } from './literals.ts';
import { parsePattern, patternFlags, sizeOf } from './pattern-tree.ts';
import { TimedText, type IsTimeUp } from './timed-text.ts';

/** Thrown for a pattern that cannot be used. `position` counts characters from 1; null when the problem is the whole pattern. */
export class BadPatternError extends UsageError {
  readonly position: number | null;

  constructor(why: string, hint: string, position: number | null = null) {
    super({ what: 'this pattern cannot be used', why: `issue_pattern: ${why}`, hint });
    this.position = position;
  }
}

/** `bot_knowledge` has the same limit as a CHECK. */
const maxCharacters = 512;
const minLiteral = 3;

/**
 * Limits on the work that a pattern may make for re2js. Within them the slowest known pattern takes 30 ms to read and
 * compile on a slow core, and 0.2 ms for each character of the text.
 */
const maxInstructions = 2_000;
const maxRepetitions = 1_000;
const maxWideRanges = 2;
const maxUnicodeClasses = 16;

/** What is known about a pattern without compiling it. `heavy`: re2js should not compile it, because it would take too long. */
export type Reading =
  | { kind: 'ready'; size: number; sets: AnyOf[] }
  | { kind: 'heavy'; why: string; hint: string }
  | { kind: 'broken'; error: unknown };

export function readPattern(pattern: string): Reading {
  const heavy = whyTooHeavy(pattern);
  if (heavy) return { kind: 'heavy', ...heavy };
  try {
    const tree = parsePattern(pattern);
    const size = sizeOf(tree);
    if (size > maxInstructions)
      return {
        kind: 'heavy',
        why: `it becomes a program of ${size} instructions; the limit is ${maxInstructions}`,
        hint: 'lower its counts: `x{1,20}` is twenty copies of x',
      };
    return { kind: 'ready', size, sets: requiredLiterals(tree) };
  } catch (error) {
    return { kind: 'broken', error };
  }
}

/** Checks a pattern from a person or the catalogue before it is stored. Throws {@link BadPatternError}. */
export function checkPattern(pattern: string): void {
  const { length } = [...pattern];
  if (length > maxCharacters)
    throw new BadPatternError(
      `it has ${length} characters; the limit is ${maxCharacters}`,
      'match only the text that distinguishes this problem from others',
      maxCharacters + 1,
    );
  const reading = readPattern(pattern);
  if (reading.kind === 'broken') throw syntaxError(pattern, reading.error);
  if (reading.kind === 'heavy') throw new BadPatternError(reading.why, reading.hint);
  const [texts] = reading.sets;
  if (!texts || shortestLength(texts) < minLiteral)
    throw new BadPatternError(
      `no text of at least ${minLiteral} characters is in everything that it matches`,
      'put a word of the finding into it, and one into each of its alternatives: ' +
        '`disk .*full|no space left` instead of `\\d+|full`',
    );
  RE2JS.compile(pattern, patternFlags);
}

/**
 * Whether a pattern is too much work to parse, judged by its text alone. The parser writes counts out, and walks through a
 * range beyond ASCII character by character to fold its case (1.6 s for 500 characters of such ranges). Some text that is
 * neither a count nor a range is counted too; a reasonable pattern is far below each limit.
 */
function whyTooHeavy(pattern: string): { why: string; hint: string } | null {
  let repetitions = 0;
  // Escapes are skipped: the braces of `\x{1000}` contain no count.
  for (const [, least, most] of pattern.matchAll(/\\(?:x\{[0-9a-f]*\}|[^])|\{(\d+)(?:,(\d*))?\}/gi))
    repetitions += Math.max(Number(least ?? 0), Number(most ?? 0));
  if (repetitions > maxRepetitions)
    return {
      why: `its counts add up to ${repetitions}; the limit is ${maxRepetitions}`,
      hint: 'use `*` or `+`, or lower counts',
    };
  if ((pattern.match(/-(?:[^\p{ASCII}]|\\x)/gu)?.length ?? 0) > maxWideRanges)
    return {
      why: `it has more than ${maxWideRanges} ranges that end beyond ASCII`,
      hint: 'name the script, as in `\\p{Greek}`, or the characters to exclude: `[^ -~]`',
    };
  if ((pattern.match(/\\p/gi)?.length ?? 0) > maxUnicodeClasses)
    return {
      why: `it has more than ${maxUnicodeClasses} classes of Unicode`,
      hint: 'repeat a class with a count: `\\pL{8}`',
    };
  return null;
}

const hints: [string, string][] = [
  ['invalid or unsupported Perl syntax', 'RE2 has no lookahead, lookbehind or atomic groups'],
  ['invalid escape sequence', 'RE2 has no back-references; write a literal backslash as `\\\\`'],
  ['missing argument to repetition', 'put what repeats before `*`, `+` or `?`, or escape it'],
  ['invalid nested repetition', 'put the inner repetition into a group: `(?:a+)?`'],
  ['invalid repeat count', 'a count is at most 1000, nested ones multiplied'],
  ['missing closing )', 'close the group, or escape `(` as `\\(`'],
  ['unexpected )', 'open the group, or escape `)` as `\\)`'],
  ['missing closing ]', 'close the class, or escape `[` as `\\[`'],
];

function syntaxError(pattern: string, error: unknown): BadPatternError {
  if (!(error instanceof RE2JSSyntaxException))
    return new BadPatternError(messageOf(error), 'write it in RE2 syntax');
  const { error: rule, input: fragment } = error as unknown as { error: string; input?: string };
  const index = fragment ? pattern.indexOf(fragment) : -1;
  const position = index >= 0 ? index + 1 : null;
  const where = position === null ? '' : ` at character ${position} (\`${fragment}\`)`;
  const hint = hints.find(([start]) => rule.startsWith(start))?.[1] ?? 'write it in RE2 syntax';
  return new BadPatternError(`${rule}${where}`, hint, position);
}

/** A cache of compiled patterns; the oldest are removed. */
const compiled = new Map<string, RE2JS>();
const maxCompiled = 1_000;

/** Whether a pattern that is ready is found in the text. Throws when time is up before that is known. */
export function isFound(pattern: string, text: string, isTimeUp: IsTimeUp): boolean {
  let regex = compiled.get(pattern);
  if (!regex) {
    regex = RE2JS.compile(pattern, patternFlags);
    if (compiled.size >= maxCompiled) compiled.delete(compiled.keys().next().value!);
    compiled.set(pattern, regex);
  }
  return regex.matcher(new TimedText(text, isTimeUp) as unknown as string).find();
}
