/** Chooses the format of a log by its first lines. */
import { inOrder } from './reading/in-order.ts';
import type { LineReader, LogFormat, LogTable, Reading, Timed } from './reading/log-format.ts';

/** The most lines, and the most characters, by which a format is chosen. */
export const sampleLines = 200;
export const sampleLength = 256 * 1024;

/** The first format of the table is chosen that reads at least this share of the lines that the best format reads. */
const enoughShare = 0.8;

/** The format that reads these lines; null where none reads any. Where several do, the order of the table decides. */
export function chooseFormat<Row extends Timed>(
  log: LogTable<Row>,
  reading: Reading,
  sample: readonly string[],
): LogFormat<Row> | null {
  return bestReading(log, reading, sample).format ?? log.otherwise?.(sample) ?? null;
}

/** The format that reads these lines (null where none reads any), and how many of them it reads. */
export function bestReading<Row extends Timed>(
  { formats }: Pick<LogTable<Row>, 'formats'>,
  reading: Reading,
  sample: readonly string[],
): { format: LogFormat<Row> | null; rows: number } {
  const counts: number[] = [];
  for (const format of formats) {
    const count = rowsIn(format.reader(inOrder(reading), sample), reading, sample);
    counts.push(count);
    if (count >= enoughShare * sample.length && count > 0) break;
  }
  const best = Math.max(...counts);
  if (best === 0) return { format: null, rows: 0 };
  const index = counts.findIndex((count) => count >= enoughShare * best);
  return { format: formats[index]!, rows: counts[index]! };
}

/** How many of these lines the format reads as rows with a time, or as parts of such rows. */
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
