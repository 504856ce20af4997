/** Finds the compression and the encoding of an input by its first bytes, whatever its name says. */

export type Packing = 'gzip' | 'zstd' | 'xz' | 'bzip2' | 'zip' | 'lz4' | 'compress' | 'tar';
export type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be';

/** How many bytes of the beginning {@link packingOf} and {@link encodingOf} need. */
export const startBytes = 512;

const firstBytes: [Packing, number[]][] = [
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
    bytes.every((byte, index) => start[from + index] === byte);
  // pzstd begins an archive with a skippable frame.
  if (start[0]! >> 4 === 5 && begins([0x2a, 0x4d, 0x18], 1)) return 'zstd';
  // A text may begin with BZh; the digits of pi follow only in an archive.
  if (begins([0x42, 0x5a, 0x68]) && begins([0x31, 0x41, 0x59, 0x26, 0x53, 0x59], 4)) return 'bzip2';
  // The first header of an archive is 512 bytes long.
  if (begins([0x75, 0x73, 0x74, 0x61, 0x72], 257)) return 'tar';
  return firstBytes.find(([, bytes]) => begins(bytes))?.[0] ?? null;
}

/** The encoding, and how many bytes its byte order mark has; UTF-8 where nothing says another one. */
export function encodingOf(start: Uint8Array): { encoding: Encoding; mark: number } {
  const [first, second, third] = start;
  if (first === 0xef && second === 0xbb && third === 0xbf) return { encoding: 'utf-8', mark: 3 };
  if (first === 0xff && second === 0xfe) return { encoding: 'utf-16le', mark: 2 };
  if (first === 0xfe && second === 0xff) return { encoding: 'utf-16be', mark: 2 };
  return { encoding: guessEncoding(start), mark: 0 };
}

/** Guesses the encoding of a text without a byte order mark: in UTF-16 each ASCII character has one NUL byte. */
function guessEncoding(start: Uint8Array): Encoding {
  const pairs = Math.floor(Math.min(start.length, startBytes) / 2);
  const nuls = [0, 0];
  for (let index = 0; index < 2 * pairs; index++) if (start[index] === 0) nuls[index % 2]! += 1;
  const [even, odd] = nuls as [number, number];
  if (pairs < 2 || Math.max(even, odd) < 0.7 * pairs) return 'utf-8';
  return even === 0 ? 'utf-16le' : odd === 0 ? 'utf-16be' : 'utf-8';
}

/** Why bytes are not a text that can be used. `why` is the end of a sentence that begins with the place of the bytes. */
export interface Undecodable {
  why: string;
  hint: string;
}

/**
 * Decodes a short text that was read from a file or from standard input. The result has no byte order mark, and its lines
 * end with \n.
 */
export function decodeText(bytes: Uint8Array): { text: string } | Undecodable {
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
