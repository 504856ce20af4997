/** Counts rows of COPY's text format, and adds up their hashes: two tables with the same rows in another order are equal. */
import { hash } from 'node:crypto';

const newline = 0x0a;

export interface RowSum {
  rows: number;
  /** 32 hex digits: four sums of parts of the rows' SHA-256, each modulo 2^32. It detects faults, not forgery. */
  sum: string;
}

export function rowSums() {
  const sums = new Uint32Array(4);
  let rows = 0;
  return {
    /** Whole rows, each ended by a newline; in COPY's text format no row contains another one. */
    add(data: Buffer): void {
      for (let at = 0; at < data.length;) {
        const end = data.indexOf(newline, at) + 1 || data.length;
        const digest = hash('sha256', data.subarray(at, end), 'buffer');
        for (let index = 0; index < 4; index += 1) sums[index]! += digest.readUInt32LE(index * 4);
        rows += 1;
        at = end;
      }
    },
    result: (): RowSum => ({
      rows,
      sum: [...sums].map((each) => each.toString(16).padStart(8, '0')).join(''),
    }),
  };
}

/** The sum of the rows of several tables. */
export function addSums(all: readonly RowSum[]): RowSum {
  const sums = new Uint32Array(4);
  for (const { sum } of all)
    for (let index = 0; index < 4; index += 1)
      sums[index]! += Number.parseInt(sum.slice(index * 8, index * 8 + 8), 16);
  return {
    rows: all.reduce((total, { rows }) => total + rows, 0),
    sum: [...sums].map((each) => each.toString(16).padStart(8, '0')).join(''),
  };
}

/** Pieces of whole rows, of `bytes` or a little more; a row that is longer is a piece of its own. */
export async function* wholeRows(
  chunks: AsyncIterable<Buffer>,
  bytes: number,
): AsyncGenerator<Buffer> {
  let waiting: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    waiting.push(chunk);
    size += chunk.length;
    if (size < bytes) continue;
    const end = chunk.lastIndexOf(newline) + 1;
    if (end === 0) continue;
    const rest = chunk.subarray(end);
    waiting[waiting.length - 1] = chunk.subarray(0, end);
    yield Buffer.concat(waiting);
    // A copy: the rest must not keep the whole chunk in memory.
    waiting = rest.length > 0 ? [Buffer.from(rest)] : [];
    size = rest.length;
  }
  if (size > 0) yield Buffer.concat(waiting);
}
