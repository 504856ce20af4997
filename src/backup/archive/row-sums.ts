/** Counts rows of COPY's text format, and adds up their hashes: two tables with the same rows in another order are equal. */
import { createHash, hash, type Hash } from 'node:crypto';
import { spool, type HeldOrSpooled } from './spool.ts';

const newline = 0x0a;

export interface RowSum {
  rows: number;
  /** 32 hex digits: four sums of parts of the rows' SHA-256, each modulo 2^32. It detects faults, not forgery. */
  sum: string;
}

export function rowSums() {
  const sums = new Uint32Array(4);
  let rows = 0;
  /** of a row whose end is in a later piece */
  let begun: Hash | null = null;
  const count = (digest: Buffer) => {
    for (let index = 0; index < 4; index += 1) sums[index]! += digest.readUInt32LE(index * 4);
    rows += 1;
  };
  return {
    /** The next piece of COPY's text: in its format each row ends with a newline, and contains no other one. */
    add(data: Buffer): void {
      for (let at = 0; at < data.length;) {
        const end = data.indexOf(newline, at) + 1;
        const part = data.subarray(at, end || data.length);
        if (end > 0 && begun === null) count(hash('sha256', part, 'buffer'));
        else {
          begun = (begun ?? createHash('sha256')).update(part);
          if (end > 0) {
            count(begun.digest());
            begun = null;
          }
        }
        at += part.length;
      }
    },
    /** One thing that is no row of COPY. */
    addWhole: (data: Buffer): void => count(hash('sha256', data, 'buffer')),
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

/** A row that is longer goes through the disk: PostgreSQL's rows have 1 GiB at most. */
const maxHeldBytes = 8 * 1024 * 1024;

/**
 * Pieces of whole rows, of `bytes` or a little more; a row that is longer is a piece of its own. Whoever gets one that is spooled
 * releases it.
 */
export async function* wholeRows(
  chunks: AsyncIterable<Buffer>,
  bytes: number,
): AsyncGenerator<HeldOrSpooled> {
  const iterator = chunks[Symbol.asyncIterator]();
  let waiting: Buffer[] = [];
  let size = 0;
  /** Takes what waits up to `end` of its last chunk. */
  const cut = (end: number): Buffer => {
    const last = waiting.pop()!;
    const all = Buffer.concat([...waiting, last.subarray(0, end)]);
    // A copy: the rest must not keep the whole chunk in memory.
    waiting = end < last.length ? [Buffer.from(last.subarray(end))] : [];
    size = last.length - end;
    return all;
  };
  /** What waits of a row that has no end yet, and then the rest of it; what follows it waits. */
  async function* longRow(): AsyncGenerator<Buffer> {
    const begun = waiting;
    [waiting, size] = [[], 0];
    yield* begun;
    for (;;) {
      const { value, done } = await iterator.next();
      if (done) return;
      const end = value.indexOf(newline) + 1;
      yield end > 0 ? value.subarray(0, end) : value;
      if (end === 0) continue;
      if (end < value.length)
        [waiting, size] = [[Buffer.from(value.subarray(end))], value.length - end];
      return;
    }
  }
  try {
    for (;;) {
      const { value, done } = await iterator.next();
      if (done) break;
      waiting.push(value);
      size += value.length;
      if (size < bytes) continue;
      const end = value.lastIndexOf(newline) + 1;
      if (end > 0) yield { data: cut(end) };
      else if (size > maxHeldBytes) {
        const before = Buffer.concat(waiting);
        const start = before.lastIndexOf(newline) + 1;
        if (start > 0) yield { data: before.subarray(0, start) };
        [waiting, size] = [[before.subarray(start)], before.length - start];
        yield { data: Buffer.alloc(0), spooled: await spool(longRow()) };
      }
    }
    if (size > 0) yield { data: cut(waiting.at(-1)!.length) };
  } finally {
    await iterator.return?.();
  }
}
