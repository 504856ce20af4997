import { inOrder } from '../reading/in-order.ts';
import type { LineReader, LogFormat, Reading } from '../reading/log-format.ts';
import { noSuchTime } from '../reading/log-time.ts';
import { timeShapes, type TimeShape } from '../reading/time-shapes.ts';
import { errorLogRow, isIndented, isOfStack, type ErrorLogRow } from './error-log-row.ts';

/** Any text whose lines have a time at the same position; the message is the whole line. */
export const plain: LogFormat<ErrorLogRow> = {
  name: 'plain',
  writtenBy: 'any program that writes a time near the beginning of each line, at the same position',
  example: [
    '- 1773144000 2026.03.10 node1 2026-03-10-12.00.00.123456 RAS KERNEL INFO generating core.1',
    '26/03/10 12:00:00 INFO executor.Executor: cannot connect',
    '2026-03-10 12:00:00,123 ERROR [main] com.example.Web: cannot connect',
  ],
  zone: 'sometimes named',
  reader(reading, sample) {
    const position = positionOfTime(sample, reading);
    return position === null ? readerWithoutTime(reading) : readerAt(position, reading);
  },
};

interface TimePosition {
  shape: TimeShape;
  pattern: RegExp;
}

/** The most words before the time. */
const maxWords = 7;

/** The shape of time that most of these lines have after the same number of words; null when too few lines have one. */
function positionOfTime(sample: readonly string[], reading: Reading): TimePosition | null {
  let best: { position: TimePosition; found: number; real: number } | null = null;
  for (let words = 0; words <= maxWords && best?.real !== sample.length; words++)
    for (const shape of timeShapes) {
      const before = words === 0 ? '' : `(?:\\S+\\s+){${words}}`;
      const pattern = new RegExp(`^${before}[^\\s\\d]{0,40}?(?<![\\w.-])${shape.pattern}`);
      const position = { shape, pattern };
      const { found, real } = timesIn(sample, position, reading);
      if (best === null || real > best.real || (real === best.real && found > best.found))
        best = { position, found, real };
    }
  // A message may have some dozens of lines. If fewer lines than one of fifty have a time, they have it by chance.
  const lines = sample.filter((line) => !isIndented(line)).length;
  if (best === null || best.found === 0 || best.found * 50 < lines) return null;
  const { shape, pattern } = best.position;
  const other =
    shape.ambiguousWith && timesIn(sample, { shape: shape.ambiguousWith, pattern }, reading);
  return other?.real === best.real ? null : best.position;
}

/** In how many lines a time of this shape is found, and how many of these times exist. */
function timesIn(sample: readonly string[], { shape, pattern }: TimePosition, given: Reading) {
  const reading = inOrder(given);
  const times = sample.flatMap((line) => {
    const found = pattern.exec(line);
    return found ? [shape.read(found.slice(1), reading)] : [];
  });
  return { found: times.length, real: times.filter((at) => at !== null).length };
}

const readerAt =
  ({ shape, pattern }: TimePosition, reading: Reading): LineReader<ErrorLogRow> =>
  (line) => {
    const found = pattern.exec(line);
    if (!found) return 'more';
    const at = shape.read(found.slice(1), reading);
    if (at === null) return noSuchTime(found[0].trim().slice(-40));
    const row = plainRow(line, at);
    // Docker and kubectl with the option for timestamps write one before each line of a stack trace.
    const start = found[0].length + 1;
    return isOfStack(line, start) ? { ...row, more: line.slice(start) } : row;
  };

const readerWithoutTime =
  ({ untimed: isTaken }: Reading): LineReader<ErrorLogRow> =>
  (line) =>
    isTaken && !isIndented(line) ? plainRow(line, null) : 'more';

const plainRow = (line: string, at: number | null) => errorLogRow('plain', line, at);
