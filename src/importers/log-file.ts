import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { messageOf, NotFoundError, RoundsmanError } from '../ground/errors.ts';

/** A log exists and cannot be read: a directory, another user's file, a damaged archive. */
export class UnreadableLogError extends RoundsmanError {}

export interface LogFile {
  name: string;
  /** Its bytes, unpacked for a `.gz`. Works once. */
  read(): Readable;
  /** Bytes on disk; null for standard input and FIFOs. */
  size: number | null;
  /** How many of them have been read so far. */
  bytesRead(): number;
  close(): Promise<void>;
}

const what = 'the log could not be read';

/** Opens a file, or standard input for `-`. Throws {@link NotFoundError}, {@link UnreadableLogError}. */
export async function openLog(path: string): Promise<LogFile> {
  if (path === '-') {
    const { stdin } = process;
    return {
      name: 'standard input',
      size: null,
      read: () => stdin,
      bytesRead: () => stdin.bytesRead,
      close: async () => void stdin.destroy(),
    };
  }
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR')
      throw new NotFoundError({
        what,
        why: `there is no file ${resolve(path)}`,
        hint: 'check the path; - stands for standard input',
      });
    throw unreadable(path, error);
  });
  const stat = await file.stat();
  if (stat.isDirectory()) {
    await file.close();
    throw new UnreadableLogError({ what, why: `${path} is a directory`, hint: 'name one file' });
  }
  const bytes = file.createReadStream({ highWaterMark: 256 * 1024 });
  return {
    name: path,
    size: stat.isFile() ? stat.size : null,
    // The callback does nothing: the reader of the last stream gets the failures of the first.
    read: () => (path.endsWith('.gz') ? pipeline(bytes, createGunzip(), () => {}) : bytes),
    bytesRead: () => bytes.bytesRead,
    close: () => file.close(),
  };
}

/** The error for a failure while reading. */
export function unreadable(name: string, error: unknown): UnreadableLogError {
  const damaged = String((error as NodeJS.ErrnoException).code).startsWith('Z_');
  return new UnreadableLogError(
    {
      what,
      why: `${name}: ${messageOf(error)}`,
      hint: damaged
        ? 'the archive is damaged or cut short: try `gzip --test`; nothing was imported'
        : 'make it readable for this user; nothing was imported',
    },
    { cause: error },
  );
}

/** The longest line that is read, in bytes. */
export const longestLine = 64 * 1024;

/** Cuts bytes into lines and holds no more than one line, however long the input is. */
export class Lines {
  #rest: Buffer = Buffer.alloc(0);
  #tooLong = false;

  /** The lines that end in this chunk, without their line break; null for a line that is too long. */
  *push(chunk: Buffer): Generator<string | null> {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let start = 0;
    for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, start)) {
      yield this.#line(bytes.subarray(start, end));
      start = end + 1;
    }
    this.#rest = bytes.subarray(start);
    this.#tooLong ||= this.#rest.length > longestLine;
    if (this.#tooLong) this.#rest = Buffer.alloc(0);
  }

  /** What follows the last line break. */
  *end(): Generator<string | null> {
    if (this.#tooLong || this.#rest.length > 0) yield this.#line(this.#rest);
  }

  #line(bytes: Buffer): string | null {
    const tooLong = this.#tooLong || bytes.length > longestLine;
    this.#tooLong = false;
    let end = bytes.length;
    while (bytes[end - 1] === 13) end--;
    // Invalid UTF-8 becomes U+FFFD here.
    return tooLong ? null : bytes.toString('utf8', 0, end);
  }
}
