/** Recognises a log of the other kind: requests that are given as messages, or messages that are given as requests. */
import { RoundsmanError } from '../ground/errors.ts';
import { bestReading } from './choose.ts';
import type { LogTable, Reading, Timed } from './reading/log-format.ts';

/** The log is of the other kind. Nothing was imported. */
export class OtherLogError extends RoundsmanError {}

/** A log is of the other kind if at least this share of its lines fits that kind, and at most the rest fits its own. */
const minShare = 0.8;

/**
 * Throws {@link OtherLogError} when the first lines fit `other` much better than `own`. Only the forms of requests and of
 * messages count; the format `plain` does not, because it reads every line with a time. A line that names an error is a
 * message, even if it also names a request.
 */
export function requireOwnKind(
  own: LogTable<any>,
  other: LogTable<any>,
  given: Reading,
  sample: readonly string[],
): void {
  const reading: Reading = { ...given, untimed: false };
  const texts = other.kind === 'requests' ? sample.filter((line) => !namesError(line)) : sample;
  const theirs = bestReading(withoutPlain(other), reading, texts);
  // Comments, such as the line in which W3C's format names its fields, are of neither kind.
  const lines = sample.filter((line) => !line.startsWith('#')).length;
  if (theirs.format === null || theirs.rows < minShare * lines) return;
  if (own.kind === 'requests') {
    const { rows } = bestReading(own, reading, sample);
    if (rows > (1 - minShare) * lines) return;
  }
  throw new OtherLogError({
    what: 'nothing was imported',
    why: `its lines are ${other.kind}, as ${theirs.format.name} has them, and not ${own.kind}`,
    hint: `\`npx roundsman ${other.command}\` reads them; --format says which ${own.kind} they are all the same`,
  });
}

const withoutPlain = <Row extends Timed>(log: LogTable<Row>): LogTable<Row> => ({
  ...log,
  formats: log.formats.filter(({ name }) => name !== 'plain'),
});

const namesError = (line: string): boolean =>
  /^\s*\{/.test(line) &&
  /"(?:err|error|exception|stack|stack_trace)"\s*:\s*[^\s"n]|"(?:err|error|exception|stack|stack_trace)"\s*:\s*"[^"]|"(?:level|severity)"\s*:\s*(?:"(?:error|fatal|crit\w*|panic|warn\w*)"|[4-6]0\b)/i.test(
    line,
  );
