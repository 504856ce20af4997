/** The frames of a zstd archive, without those that hold no text. */
import { Transform } from 'node:stream';

const frameMagic = 0xfd2fb528;
const isSkippable = (magic: number): boolean => magic >>> 4 === 0x184d2a5;

/** A piece of an archive: its length, whether it belongs to the text, and which kind of piece follows it. */
interface Piece {
  length: number;
  isKept: boolean;
  next: (start: Buffer) => Piece | null;
}

/**
 * Leaves out skippable frames (RFC 8878), in which pzstd and others keep figures, and passes each block on by itself:
 * Node's decompressor takes the end of a frame without text for the end of the archive, and loses what follows in the
 * same part. Bytes that are no archive are passed on as they are, for the decompressor to refuse.
 */
export function zstdFrames(): Transform {
  let held: Buffer = Buffer.alloc(0);
  let piece: Piece = { length: 0, isKept: true, next: frame };
  let rest = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      while (held.length > 0) {
        if (rest === 0) {
          const found = piece.next(held);
          if (found === null) break;
          piece = found;
          rest = found.length;
        }
        const part = held.subarray(0, rest);
        if (piece.isKept) this.push(part);
        held = held.subarray(part.length);
        rest -= part.length;
      }
      done();
    },
    flush(done) {
      done(null, held.length === 0 ? undefined : held);
    },
  });
}

/** Each gets the bytes that the piece begins with; null where they are too few to tell how long it is. */
function frame(start: Buffer): Piece | null {
  if (start.length < 4) return null;
  const magic = start.readUInt32LE(0);
  if (magic === frameMagic) return header(start);
  if (!isSkippable(magic)) return { length: Infinity, isKept: true, next: frame };
  if (start.length < 8) return null;
  return { length: 8 + start.readUInt32LE(4), isKept: false, next: frame };
}

function header(start: Buffer): Piece | null {
  if (start.length < 5) return null;
  const descriptor = start[4]!;
  const isSingle = (descriptor & 32) !== 0;
  const contentSize = [isSingle ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
  const dictionary = [0, 1, 2, 4][descriptor & 3]!;
  const checksum = (descriptor & 4) === 0 ? 0 : 4;
  const length = 5 + (isSingle ? 0 : 1) + dictionary + contentSize;
  return { length, isKept: true, next: (bytes) => block(bytes, checksum) };
}

function block(start: Buffer, checksum: number): Piece | null {
  if (start.length < 3) return null;
  const head = start.readUIntLE(0, 3);
  const isLast = (head & 1) === 1;
  const isOneByteRepeated = ((head >> 1) & 3) === 1;
  const size = isOneByteRepeated ? 1 : head >> 3;
  if (isLast) return { length: 3 + size + checksum, isKept: true, next: frame };
  return { length: 3 + size, isKept: true, next: (bytes) => block(bytes, checksum) };
}
