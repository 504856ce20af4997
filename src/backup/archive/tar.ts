/** The tar format (ustar, POSIX 1003.1-1988), as far as a backup needs it: regular files with short names. */
import { RoundsmanError } from '../../ground/errors.ts';

const blockBytes = 512;

/** The file cannot be a whole backup: it ends too early, or its bytes are not those that were written. */
export class DamagedBackupError extends RoundsmanError {
  constructor(why: string, options?: ErrorOptions) {
    super(
      {
        what: 'the backup cannot be read as it was written',
        why,
        hint: 'use another backup: `npx roundsman db backups` lists them. Look at the disk or the transport that this one came from',
      },
      options,
    );
  }
}

export interface Entry {
  name: string;
  data: Buffer;
}

/** Bytes that fill up the last block. */
const padding = (size: number): Buffer =>
  Buffer.alloc((blockBytes - (size % blockBytes)) % blockBytes);

const octal = (value: number, width: number): string =>
  `${value.toString(8).padStart(width - 1, '0')}\0`;

/** The sum of a header's bytes, with blanks in place of the sum itself. */
function sumOf(header: Buffer): number {
  let sum = 8 * 0x20;
  for (const [index, byte] of header.entries()) if (index < 148 || index >= 156) sum += byte;
  return sum;
}

/** A file with this name (99 ASCII characters at most), as tar holds it. `seconds`: when it was made, since 1970. */
export function tarEntry({ name, data }: Entry, seconds: number): Buffer[] {
  if (!/^[\x21-\x7e]{1,99}$/.test(name)) throw new Error(`tar cannot hold the name ${name}`);
  const header = Buffer.alloc(blockBytes);
  header.write(name, 0, 'latin1');
  header.write(octal(0o600, 8), 100, 'latin1');
  header.write(octal(0, 8), 108, 'latin1');
  header.write(octal(0, 8), 116, 'latin1');
  header.write(octal(data.length, 12), 124, 'latin1');
  header.write(octal(seconds, 12), 136, 'latin1');
  header.write('0', 156, 'latin1');
  header.write('ustar\x0000', 257, 'latin1');
  header.write(`${octal(sumOf(header), 7)} `, 148, 'latin1');
  return [header, data, padding(data.length)];
}

/** Two empty blocks end an archive. */
export const tarEnd = (): Buffer => Buffer.alloc(2 * blockBytes);

/** Reads as many bytes as are asked for from chunks of any size. */
function reader(chunks: AsyncIterable<Uint8Array>) {
  const iterator = chunks[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);
  return {
    /** Null where the chunks have ended before the first byte. */
    async take(count: number): Promise<Buffer | null> {
      const pieces: Buffer[] = [];
      let missing = count;
      while (missing > 0) {
        if (rest.length === 0) {
          const { value, done } = await iterator.next();
          if (done) {
            if (pieces.length === 0) return null;
            throw new DamagedBackupError('it ends in the middle of a file of its archive');
          }
          rest = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
          continue;
        }
        const piece = rest.subarray(0, missing);
        rest = rest.subarray(piece.length);
        missing -= piece.length;
        pieces.push(piece);
      }
      return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
    },
    async drain(): Promise<void> {
      while (!(await iterator.next()).done);
    },
    close: () => iterator.return?.(),
  };
}

/** No file of an archive is larger: a row of PostgreSQL has 1 GiB at most, and twice that in COPY's text. */
const maxEntryBytes = 2 ** 31;

const textOf = (field: Buffer): string => field.toString('latin1').replace(/\0[\s\S]*$/, '');

/**
 * The files of an archive, each as a whole, in their order. Throws {@link DamagedBackupError} where the archive has no end, or a
 * header is not whole.
 */
export async function* tarEntries(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Entry> {
  const bytes = reader(chunks);
  try {
    for (;;) {
      const header = await bytes.take(blockBytes);
      if (!header) throw new DamagedBackupError('its archive has no end: a part of it is missing');
      if (header.every((byte) => byte === 0)) return await bytes.drain();
      const size = Number.parseInt(textOf(header.subarray(124, 136)), 8);
      const sum = Number.parseInt(textOf(header.subarray(148, 156)), 8);
      if (sum !== sumOf(header) || !(size >= 0 && size <= maxEntryBytes))
        throw new DamagedBackupError('a header of its archive is not whole');
      const data = size === 0 ? Buffer.alloc(0) : await bytes.take(size);
      if (!data) throw new DamagedBackupError('it ends in the middle of a file of its archive');
      await bytes.take(padding(size).length);
      yield { name: textOf(header.subarray(0, 100)), data };
    }
  } finally {
    await bytes.close();
  }
}
