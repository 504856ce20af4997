/** Keeps what is too large for memory in a file without a name, which is gone with this process at the latest. */
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Spooled {
  bytes: number;
  /** From its beginning; may be read more than once. */
  read(): AsyncGenerator<Buffer>;
  /** The next {@link release} does nothing: whoever keeps it calls that once more. */
  keep(): void;
  release(): Promise<void>;
}

const pieceBytes = 64 * 1024;

/** In memory up to `limit` bytes, else on the disk; then `data` is empty. */
export interface HeldOrSpooled {
  data: Buffer;
  spooled?: Spooled;
}

export async function holdOrSpool(
  chunks: AsyncIterable<Buffer>,
  limit: number,
): Promise<HeldOrSpooled> {
  const iterator = chunks[Symbol.asyncIterator]();
  const held: Buffer[] = [];
  let bytes = 0;
  const all = async function* () {
    for (let chunk = held.shift(); chunk; chunk = held.shift()) yield chunk;
    for (let next = await iterator.next(); !next.done; next = await iterator.next())
      yield next.value;
  };
  for (let next = await iterator.next(); !next.done; next = await iterator.next()) {
    held.push(next.value);
    bytes += next.value.length;
    if (bytes > limit) return { data: Buffer.alloc(0), spooled: await spool(all()) };
  }
  return { data: Buffer.concat(held) };
}

/** Writes all of it below TMPDIR. Only this account may open the directory, and the file has no name by the time that it has content. */
export async function spool(chunks: AsyncIterable<Buffer>): Promise<Spooled> {
  const directory = await mkdtemp(join(tmpdir(), 'roundsman-row-'));
  const file = await open(join(directory, 'row'), 'wx+', 0o600);
  let bytes = 0;
  let isKept = false;
  try {
    await rm(directory, { recursive: true });
    for await (const chunk of chunks) {
      await file.writeFile(chunk);
      bytes += chunk.length;
    }
  } catch (error) {
    await file.close();
    throw error;
  }
  return {
    bytes,
    async *read() {
      for (let at = 0; at < bytes;) {
        const piece = Buffer.allocUnsafeSlow(Math.min(pieceBytes, bytes - at));
        const { bytesRead } = await file.read(piece, 0, piece.length, at);
        if (bytesRead === 0) throw new Error('a temporary file has lost its end');
        at += bytesRead;
        yield piece.subarray(0, bytesRead);
      }
    },
    keep: () => (isKept = true),
    async release() {
      if (!isKept) await file.close();
      isKept = false;
    },
  };
}
