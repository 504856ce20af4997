/** The tar format (ustar, POSIX 1003.1-1988), as far as a backup needs it: regular files with short names. */
import { RoundsmanError } from '../../ground/errors.ts';
import { spool, type Spooled } from './spool.ts';

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
  /** the content in place of `data`, which is empty then: a row that is too large for memory */
  spooled?: Spooled;
  /** in place of both, where rows are only looked at: to be read before the next file is asked for */
  passing?: { bytes: number; pieces: AsyncIterable<Buffer> };
}

/** The content of a file, and its size. */
export const contentOf = ({
  data,
  spooled,
  passing,
}: Entry): { bytes: number; pieces: Iterable<Buffer> | AsyncIterable<Buffer> } =>
  passing ?? { bytes: spooled?.bytes ?? data.length, pieces: spooled?.read() ?? [data] };

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
export async function* tarEntry(entry: Entry, seconds: number): AsyncGenerator<Buffer> {
  const { bytes, pieces } = contentOf(entry);
  yield tarHeader(entry.name, bytes, seconds);
  yield* pieces;
  yield padding(bytes);
}

function tarHeader(name: string, bytes: number, seconds: number): Buffer {
  if (!/^[\x21-\x7e]{1,99}$/.test(name)) throw new Error(`tar cannot hold the name ${name}`);
  const header = Buffer.alloc(blockBytes);
  header.write(name, 0, 'latin1');
  header.write(octal(0o600, 8), 100, 'latin1');
  header.write(octal(0, 8), 108, 'latin1');
  header.write(octal(0, 8), 116, 'latin1');
  header.write(octal(bytes, 12), 124, 'latin1');
  header.write(octal(seconds, 12), 136, 'latin1');
  header.write('0', 156, 'latin1');
  header.write('ustar\x0000', 257, 'latin1');
  header.write(`${octal(sumOf(header), 7)} `, 148, 'latin1');
  return header;
}

/** Two empty blocks end an archive. */
export const tarEnd = (): Buffer => Buffer.alloc(2 * blockBytes);

/** Far more than the 10 KiB of tar's own blocks. */
const maxPaddingBytes = 1024 * 1024;

/** Reads as many bytes as are asked for from chunks of any size. */
function reader(chunks: AsyncIterable<Uint8Array>) {
  const iterator = chunks[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);
  /** So many bytes as they come; throws where the chunks end before. */
  async function* pieces(count: number): AsyncGenerator<Buffer> {
    for (let missing = count; missing > 0;) {
      if (rest.length === 0) {
        const { value, done } = await iterator.next();
        if (done) throw new DamagedBackupError('it ends in the middle of a file of its archive');
        rest = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
        continue;
      }
      const piece = rest.subarray(0, missing);
      rest = rest.subarray(piece.length);
      missing -= piece.length;
      yield piece;
    }
  }
  return {
    pieces,
    async take(count: number): Promise<Buffer> {
      const found: Buffer[] = [];
      for await (const piece of pieces(count)) found.push(piece);
      return found.length === 1 ? found[0]! : Buffer.concat(found);
    },
    /** Whether there is no further byte. */
    async isAtEnd(): Promise<boolean> {
      while (rest.length === 0) {
        const { value, done } = await iterator.next();
        if (done) return true;
        rest = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
      }
      return false;
    },
    /** Reads what follows the end: tar programs fill up their last block. */
    async drain(): Promise<void> {
      for (let over = 0; ;) {
        const { value, done } = await iterator.next();
        if (done) return;
        over += value.length;
        if (over > maxPaddingBytes)
          throw new DamagedBackupError('its archive goes on after its end');
      }
    },
    close: () => iterator.return?.(),
  };
}

/** No file of an archive is larger: COPY gives no row of more than 1 GiB, and texts are smaller. */
const maxEntryBytes = 2 ** 31;

/** What is held in memory of a file with rows; a larger one goes through the disk. */
const maxHeldBytes = 16 * 1024 * 1024;

/** Of every other file: a thousand tables have some 2 MB of schema. */
export const maxTextBytes = 256 * 1024 * 1024;

const textOf = (field: Buffer): string => field.toString('latin1').replace(/\0[\s\S]*$/, '');

/**
 * The files of an archive, each as a whole, in their order. Whoever gets one that is spooled releases it. `keepsRows`: false
 * has files with rows pass by. Throws {@link DamagedBackupError} where the archive has no end, a header is not whole, or a file is larger than any that a
 * backup has.
 */
export async function* tarEntries(
  chunks: AsyncIterable<Uint8Array>,
  { keepsRows = true } = {},
): AsyncGenerator<Entry> {
  const bytes = reader(chunks);
  try {
    for (;;) {
      if (await bytes.isAtEnd())
        throw new DamagedBackupError('its archive has no end: a part of it is missing');
      const header = await bytes.take(blockBytes);
      if (header.every((byte) => byte === 0)) return await bytes.drain();
      const size = Number.parseInt(textOf(header.subarray(124, 136)), 8);
      const sum = Number.parseInt(textOf(header.subarray(148, 156)), 8);
      if (sum !== sumOf(header) || !(size >= 0 && size <= maxEntryBytes))
        throw new DamagedBackupError('a header of its archive is not whole');
      const name = textOf(header.subarray(0, 100));
      const hasRows = /^(data|references)\//.test(name);
      if (size > maxTextBytes && !hasRows)
        throw new DamagedBackupError('a file of its archive is larger than one of a backup is');
      if (hasRows && !keepsRows) {
        const empty = Buffer.alloc(0);
        yield { name, data: empty, passing: { bytes: size, pieces: bytes.pieces(size) } };
        await bytes.take(padding(size).length);
        continue;
      }
      const spooled = hasRows && size > maxHeldBytes ? await spool(bytes.pieces(size)) : undefined;
      const data = spooled ? Buffer.alloc(0) : await bytes.take(size);
      await bytes.take(padding(size).length);
      yield { name, data, ...(spooled && { spooled }) };
    }
  } finally {
    await bytes.close();
  }
}
