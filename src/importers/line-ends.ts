/** A text with one kind of line end, so that it is the same text whichever kind its file has. */
import { longestLine } from './lines.ts';

const [lineFeed, carriageReturn] = [10, 13];

/** What a part of a text is without the \r before its \n; `offset`: where in the part its first `length` bytes end. */
export interface Plain {
  bytes: Buffer;
  offset(length: number): number;
}

/** Leaves out each \r that stands before a \n, wherever the parts are cut. Those that end a text are left out, too. */
export class LineEnds {
  /** How many \r the text so far ends with; of more than a line may have, the first ones are no part of its end. */
  #held = 0;

  plain(chunk: Buffer): Plain {
    if (this.#held === 0 && !chunk.includes(carriageReturn))
      return { bytes: chunk, offset: (length) => length };
    const bytes = Buffer.allocUnsafe(this.#held + chunk.length);
    const heldBefore = this.#held;
    const whole = walk(chunk, heldBefore, bytes, Infinity);
    this.#held = whole.held;
    return {
      bytes: bytes.subarray(0, whole.length),
      offset: (length) => walk(chunk, heldBefore, bytes, length).offset,
    };
  }
}

/** Writes what counts of a part into `bytes`, up to `most` of them. */
function walk(
  chunk: Buffer,
  heldBefore: number,
  bytes: Buffer,
  most: number,
): { offset: number; length: number; held: number } {
  let [held, length, offset] = [heldBefore, 0, 0];
  for (; offset < chunk.length && length < most; offset++) {
    const byte = chunk[offset]!;
    if (byte === carriageReturn) {
      if (held < longestLine) held++;
      else bytes[length++] = carriageReturn;
      continue;
    }
    if (byte !== lineFeed) for (; held > 0; held--) bytes[length++] = carriageReturn;
    held = 0;
    bytes[length++] = byte;
  }
  return { offset, length, held };
}
