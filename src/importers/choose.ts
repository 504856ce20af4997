/** Which format a log is written in, judged by its first lines. */
import { inOrder } from './reading/in-order.ts';
import type { LineReader, LogFormat, LogTable, Reading, Timed } from './reading/log-format.ts';

/** Lines and characters that are enough to judge by. */
export const sampleLines = 200;
export const sampleLength = 256 * 1024;

/** A format that reads at least this share of what the best one reads is good enough, if it stands before it. */
const goodEnough = 0.8;

/** The first format that reads these lines; null where none reads any. Where two do, the table's order decides. */
export function chooseFormat<Row extends Timed>(
  log: LogTable<Row>,
  reading: Reading,
  sample: readonly string[],
): LogFormat<Row> | null {
  return bestReading(log, reading, sample).format ?? log.otherwise?.(sample) ?? null;
}

/** The format that reads these lines, and how many of them it does; null where none reads any. */
export function bestReading<Row extends Timed>(
  { formats }: Pick<LogTable<Row>, 'formats'>,
  reading: Reading,
  sample: readonly string[],
): { format: LogFormat<Row> | null; rows: number } {
  const counts: number[] = [];
  for (const format of formats) {
    const count = rowsIn(format.reader(inOrder(reading), sample), reading, sample);
    counts.push(count);
    if (count >= goodEnough * sample.length && count > 0) break;
  }
  const best = Math.max(...counts);
  if (best === 0) return { format: null, rows: 0 };
  const at = counts.findIndex((count) => count >= goodEnough * best);
  return { format: formats[at]!, rows: counts[at]! };
}

/** How many of these lines are rows with a time, or parts of one that the format knows as such. */
function rowsIn<Row extends Timed>(
  read: LineReader<Row>,
  { untimed }: Reading,
  sample: readonly string[],
): number {
  let rows = 0;
  for (const line of sample) {
    const parsed = [read(line)].flat().at(-1)!;
    if (parsed === 'part') rows++;
    else if (typeof parsed === 'object' && 'row' in parsed)
      if (parsed.row.created_at !== null || untimed) rows++;
  }
  return rows;
}
