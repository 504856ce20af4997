/** Removes the frames of a zstd archive that contain no text. */
import { Transform } from 'node:stream';

const frameMagic = 0xfd2fb528;
const isSkippable = (magic: number): boolean => magic >>> 4 === 0x184d2a5;

/** A piece of an archive. */
interface Piece {
  /** in bytes */
  length: number;
  /** whether it is passed on to the decompressor */
  isKept: boolean;
  /**
   * Reads the piece that follows, from the bytes with which it begins; null where these are too few to find out its
   * length.
   */
  next: (start: Buffer) => Piece | null;
}

/**
 * Leaves out skippable frames (RFC 8878), in which pzstd and others keep figures, and passes on each block by itself.
 * Without this, Node's decompressor would think that the archive ends after a frame without text, and lose what follows
 * in the same chunk. Bytes that are not an archive are passed on as they are, and the decompressor refuses them.
 */
export function zstdFrames(): Transform {
  let unread: Buffer = Buffer.alloc(0);
  let piece: Piece = { length: 0, isKept: true, next: frame };
  let rest = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      unread = unread.length === 0 ? chunk : Buffer.concat([unread, chunk]);
      while (unread.length > 0) {
        if (rest === 0) {
          const found = piece.next(unread);
          if (found === null) break;
          piece = found;
          rest = found.length;
        }
        const part = unread.subarray(0, rest);
        if (piece.isKept) this.push(part);
        unread = unread.subarray(part.length);
        rest -= part.length;
      }
      done();
    },
    flush(done) {
      done(null, unread.length === 0 ? undefined : unread);
    },
  });
}

/** The beginning of a frame: see `next` of {@link Piece}. */
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
