/** Gives a text one kind of line end, so that the digest of a text is the same for \n and for \r\n. */
import { maxLineBytes } from './lines.ts';

const [lineFeed, carriageReturn] = [10, 13];

/** A part of a text without each \r that stands before a \n. */
export interface Plain {
  bytes: Buffer;
  /** The offset in the original part at which the first `length` of these bytes end. */
  offset(length: number): number;
}

/**
 * Leaves out each \r that stands before a \n, also if the text is cut between them. Each \r at the end of the text is left
 * out, too.
 */
export class LineEnds {
  /** How many \r the text so far ends with, at most as many as a line may have bytes; earlier ones belong to the text. */
  #pending = 0;

  plain(chunk: Buffer): Plain {
    if (this.#pending === 0 && !chunk.includes(carriageReturn))
      return { bytes: chunk, offset: (length) => length };
    const bytes = Buffer.allocUnsafe(this.#pending + chunk.length);
    const pendingBefore = this.#pending;
    const whole = walk(chunk, pendingBefore, bytes, Infinity);
    this.#pending = whole.pending;
    return {
      bytes: bytes.subarray(0, whole.length),
      offset: (length) => walk(chunk, pendingBefore, bytes, length).offset,
    };
  }
}

/** Copies the bytes of a part that are not left out into `bytes`, at most `maxBytes` of them. */
function walk(
  chunk: Buffer,
  pendingBefore: number,
  bytes: Buffer,
  maxBytes: number,
): { offset: number; length: number; pending: number } {
  let [pending, length, offset] = [pendingBefore, 0, 0];
  for (; offset < chunk.length && length < maxBytes; offset++) {
    const byte = chunk[offset]!;
    if (byte === carriageReturn) {
      if (pending < maxLineBytes) pending++;
      else bytes[length++] = carriageReturn;
      continue;
    }
    if (byte !== lineFeed) for (; pending > 0; pending--) bytes[length++] = carriageReturn;
    pending = 0;
    bytes[length++] = byte;
  }
  return { offset, length, pending };
}
