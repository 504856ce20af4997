import { inOrder } from '../reading/in-order.ts';
import type { LineReader, LogFormat, Reading } from '../reading/log-format.ts';
import { noSuchTime } from '../reading/log-time.ts';
import { timeShapes, type TimeShape } from '../reading/time-shapes.ts';
import { errorLogRow, isIndented, isOfStack, type ErrorLogRow } from './error-log-row.ts';

/** Any text whose lines hold a time at the same place; the message is the whole line. */
export const plain: LogFormat<ErrorLogRow> = {
  name: 'plain',
  writtenBy: 'any program that writes a time near the beginning of each line, at the same place',
  example: [
    '- 1773144000 2026.03.10 node1 2026-03-10-12.00.00.123456 RAS KERNEL INFO generating core.1',
    '26/03/10 12:00:00 INFO executor.Executor: cannot connect',
    '2026-03-10 12:00:00,123 ERROR [main] com.example.Web: cannot connect',
  ],
  zone: 'sometimes named',
  reader(reading, sample) {
    const place = placeOfTime(sample, reading);
    return place === null ? withoutTime(reading) : atPlace(place, reading);
  },
};

interface Place {
  shape: TimeShape;
  pattern: RegExp;
}

/** Words before the time at most. */
const maxWords = 7;

/**
 * Which shape of time stands in most of these lines, behind the same number of words; null when none stands in enough.
 */
function placeOfTime(sample: readonly string[], reading: Reading): Place | null {
  let best: { place: Place; found: number; real: number } | null = null;
  for (let words = 0; words <= maxWords && best?.real !== sample.length; words++)
    for (const shape of timeShapes) {
      const before = words === 0 ? '' : `(?:\\S+\\s+){${words}}`;
      const pattern = new RegExp(`^${before}[^\\s\\d]{0,40}?(?<![\\w.-])${shape.pattern}`);
      const place = { shape, pattern };
      const { found, real } = timesIn(sample, place, reading);
      if (best === null || real > best.real || (real === best.real && found > best.found))
        best = { place, found, real };
    }
  // Messages may have some dozens of lines; rarer than that, a time stands there by chance.
  const lines = sample.filter((line) => !isIndented(line)).length;
  if (best === null || best.found === 0 || best.found * 50 < lines) return null;
  const { shape, pattern } = best.place;
  const rival = shape.rival && timesIn(sample, { shape: shape.rival, pattern }, reading);
  return rival?.real === best.real ? null : best.place;
}

/** In how many lines such a time is found, and how many of them exist. */
function timesIn(sample: readonly string[], { shape, pattern }: Place, given: Reading) {
  const reading = inOrder(given);
  const times = sample.flatMap((line) => {
    const found = pattern.exec(line);
    return found ? [shape.read(found.slice(1), reading)] : [];
  });
  return { found: times.length, real: times.filter((at) => at !== null).length };
}

const atPlace =
  ({ shape, pattern }: Place, reading: Reading): LineReader<ErrorLogRow> =>
  (line) => {
    const found = pattern.exec(line);
    if (!found) return 'more';
    const at = shape.read(found.slice(1), reading);
    if (at === null) return noSuchTime(found[0].trim().slice(-40));
    const row = untimed(line, at);
    // Docker and kubectl, asked for timestamps, write one before each line of a stack trace.
    const start = found[0].length + 1;
    return isOfStack(line, start) ? { ...row, more: line.slice(start) } : row;
  };

const withoutTime =
  ({ untimed: isTaken }: Reading): LineReader<ErrorLogRow> =>
  (line) =>
    isTaken && !isIndented(line) ? untimed(line, null) : 'more';

const untimed = (line: string, at: number | null) => errorLogRow('plain', line, at);
