/** What the first bytes of an input say about it, whatever its name says: its compression and its encoding. */

export type Packing = 'gzip' | 'zstd' | 'xz' | 'bzip2' | 'zip' | 'lz4' | 'compress' | 'tar';
export type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be';

/** Bytes that are enough for {@link packingOf} and {@link encodingOf}. */
export const tellingBytes = 512;

const magic: [Packing, number[]][] = [
  ['gzip', [0x1f, 0x8b, 0x08]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['zip', [0x50, 0x4b, 0x03, 0x04]],
  ['lz4', [0x04, 0x22, 0x4d, 0x18]],
  ['compress', [0x1f, 0x9d]],
];

/** The program that packed the bytes; null for bytes that are not packed. */
export function packingOf(start: Uint8Array): Packing | null {
  const begins = (bytes: number[], from = 0) =>
    bytes.every((byte, at) => start[from + at] === byte);
  // A text may begin with BZh; the digits of pi follow only in an archive.
  // pzstd begins an archive with a skippable frame.
  if (start[0]! >> 4 === 5 && begins([0x2a, 0x4d, 0x18], 1)) return 'zstd';
  if (begins([0x42, 0x5a, 0x68]) && begins([0x31, 0x41, 0x59, 0x26, 0x53, 0x59], 4)) return 'bzip2';
  // The first header of an archive is 512 bytes long.
  if (begins([0x75, 0x73, 0x74, 0x61, 0x72], 257)) return 'tar';
  return magic.find(([, bytes]) => begins(bytes))?.[0] ?? null;
}

/** The encoding, and how many bytes its byte order mark has; UTF-8 where nothing says another one. */
export function encodingOf(start: Uint8Array): { encoding: Encoding; mark: number } {
  const [first, second, third] = start;
  if (first === 0xef && second === 0xbb && third === 0xbf) return { encoding: 'utf-8', mark: 3 };
  if (first === 0xff && second === 0xfe) return { encoding: 'utf-16le', mark: 2 };
  if (first === 0xfe && second === 0xff) return { encoding: 'utf-16be', mark: 2 };
  return { encoding: guessEncoding(start), mark: 0 };
}

/** In UTF-16 each ASCII character has one NUL, always on the same side. */
function guessEncoding(start: Uint8Array): Encoding {
  const pairs = Math.floor(Math.min(start.length, tellingBytes) / 2);
  const nuls = [0, 0];
  for (let at = 0; at < 2 * pairs; at++) if (start[at] === 0) nuls[at % 2]! += 1;
  const [even, odd] = nuls as [number, number];
  if (pairs < 2 || Math.max(even, odd) < 0.7 * pairs) return 'utf-8';
  return even === 0 ? 'utf-16le' : odd === 0 ? 'utf-16be' : 'utf-8';
}

/** Why bytes are not a text that can be used, as the end of a sentence that begins with where they come from. */
export interface NoText {
  why: string;
  hint: string;
}

/**
 * The whole of a short text, from a file or standard input: without its byte order mark, its lines ended by \n alone.
 */
export function decoded(bytes: Uint8Array): { text: string } | NoText {
  const packing = packingOf(bytes);
  if (packing)
    return {
      why: `it is ${packing === 'tar' ? 'an archive' : 'compressed'} (${packing})`,
      hint: 'unpack it first',
    };
  const { encoding, mark } = encodingOf(bytes);
  let text: string;
  try {
    text = new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(bytes.subarray(mark));
  } catch {
    return {
      why: `it is not ${encoding === 'utf-8' ? 'UTF-8' : 'UTF-16'}`,
      hint: 'save it as UTF-8',
    };
  }
  text = text.replaceAll(/\r\n?/g, '\n');
  const nul = text.indexOf('\0');
  if (nul === -1) return { text };
  const line = text.slice(0, nul).split('\n').length;
  return { why: `it holds a NUL byte, in line ${line}`, hint: 'save it as plain text in UTF-8' };
}
