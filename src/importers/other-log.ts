/** A log of the other kind: requests given as messages, or messages given as requests. */
import { RoundsmanError } from '../ground/errors.ts';
import { bestReading } from './choose.ts';
import type { LogTable, Reading, Timed } from './reading/log-format.ts';

/** The lines are those of the other kind of log. Nothing was imported. */
export class OtherLogError extends RoundsmanError {}

/** At least this share of the lines fits the other kind, and at most the rest fits the one that was asked for. */
const most = 0.8;

/**
 * Throws {@link OtherLogError} where the first lines fit `other` much better than `own`. Requests are told from messages
 * by their form: any line with a time is a message in plain text, so that counts for neither. Lines that name an error
 * are messages also where they name its request.
 */
export function requireOwnKind(
  own: LogTable<any>,
  other: LogTable<any>,
  given: Reading,
  sample: readonly string[],
): void {
  const reading: Reading = { ...given, untimed: false };
  const texts = other.kind === 'requests' ? sample.filter((line) => !namesError(line)) : sample;
  const theirs = bestReading(withForm(other), reading, texts);
  // Comments, as W3C's names of fields, are of neither kind.
  const lines = sample.filter((line) => !line.startsWith('#')).length;
  if (theirs.format === null || theirs.rows < most * lines) return;
  if (own.kind === 'requests') {
    const { rows } = bestReading(own, reading, sample);
    if (rows > (1 - most) * lines) return;
  }
  throw new OtherLogError({
    what: 'nothing was imported',
    why: `its lines are ${other.kind}, as ${theirs.format.name} has them, and no ${own.kind}`,
    hint: `\`npx roundsman ${other.command}\` reads them; --format says which ${own.kind} they are all the same`,
  });
}

const withForm = <Row extends Timed>(log: LogTable<Row>): LogTable<Row> => ({
  ...log,
  formats: log.formats.filter(({ name }) => name !== 'plain'),
});

const namesError = (line: string): boolean =>
  /^\s*\{/.test(line) &&
  /"(?:err|error|exception|stack|stack_trace)"\s*:\s*[^\s"n]|"(?:err|error|exception|stack|stack_trace)"\s*:\s*"[^"]|"(?:level|severity)"\s*:\s*(?:"(?:error|fatal|crit\w*|panic|warn\w*)"|[4-6]0\b)/i.test(
    line,
  );
