/** Opens the text of a log, and unpacks and decodes it by its first bytes, whatever the name of the file says. */
import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pipeline, Readable, Transform } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { encodingOf, packingOf, startBytes, type Packing } from '../ground/encoding.ts';
import { messageOf, NotFoundError, RoundsmanError } from '../ground/errors.ts';
import { whyUnreadable } from '../ground/files/why-unreadable.ts';
import { zstdFrames } from './zstd-frames.ts';

/** The log exists and cannot be read: it is a directory, another user's file, or a damaged archive. */
export class UnreadableLogError extends RoundsmanError {}

export interface LogFile {
  name: string;
  /**
   * The text as UTF-8, without compression and byte order mark. Call it once. Throws {@link UnreadableLogError}. The
   * stream may have failed before anything reads it; then its `errored` is set.
   */
  read(): Promise<Readable>;
  /** How many bytes the file has on disk; null for standard input and FIFOs. */
  size: number | null;
  /** How many bytes of the file have been read so far. */
  bytesRead(): number;
  close(): Promise<void>;
}

const what = 'the log could not be read';

/** Opens a file, or standard input for `-`. Throws {@link NotFoundError}, {@link UnreadableLogError}. */
export async function openLog(path: string): Promise<LogFile> {
  if (path === '-') {
    const { stdin } = process;
    const name = 'standard input';
    return {
      name,
      size: null,
      read: () => textOf(stdin, name),
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
    // open() fails with ENXIO for a socket.
    throw error.code === 'ENXIO' ? noLog(path, 'it is a socket') : unreadable(path, error);
  });
  const stat = await file.stat();
  const why = whyUnreadable(stat);
  if (why) {
    await file.close();
    throw noLog(path, why);
  }
  const bytes = file.createReadStream({ highWaterMark: 256 * 1024 });
  return {
    name: path,
    size: stat.isFile() ? stat.size : null,
    read: () => textOf(bytes, path),
    bytesRead: () => bytes.bytesRead,
    close: () => file.close(),
  };
}

const noLog = (path: string, why: string): UnreadableLogError =>
  new UnreadableLogError({
    what,
    why: why.replace('it is', `${path} is`),
    hint: 'name one file',
  });

// The callbacks do nothing, because a failure of the first stream also reaches the reader of the last one.
const unpackers: Partial<Record<Packing, (bytes: Readable) => Readable>> = {
  gzip: (bytes) => pipeline(bytes, createGunzip(), () => {}),
  zstd: (bytes) => pipeline(bytes, zstdFrames(), createZstdDecompress(), () => {}),
};

/** Commands that unpack the other kinds of archives to standard output. */
const programs: Partial<Record<Packing, string>> = {
  xz: 'xz -dc',
  bzip2: 'bzip2 -dc',
  zip: 'unzip -p',
  lz4: 'lz4 -dc',
  compress: 'uncompress -c',
  tar: 'tar -xOf',
};

/**
 * The most archives within each other. Two are there when two programs have rotated a log; more are there only when a
 * file was made to unpack endlessly.
 */
const maxLayers = 3;

async function textOf(given: Readable, name: string, layers = 0): Promise<Readable> {
  // A small archive fails before its text has a reader; without a listener this event would end the process.
  given.on('error', () => {});
  const { start, whole: bytes } = await readBeginning(given).catch((error: unknown) => {
    throw unreadable(name, error);
  });
  const packing = packingOf(start);
  if (packing) {
    const unpack = unpackers[packing];
    const program = programs[packing];
    if (!unpack || layers === maxLayers)
      throw new UnreadableLogError({
        what,
        why: `${name} is ${packing === 'tar' ? 'an archive of files' : 'compressed'} (${packing}${unpack ? ', in several layers' : ''})`,
        hint: program
          ? `unpack it first: \`${program} FILE | npx roundsman import ... -\``
          : 'unpack it first',
      });
    return textOf(unpack(bytes), name, layers + 1);
  }
  const { encoding, mark } = encodingOf(start);
  if (mark > 0) bytes.read(mark);
  if (encoding === 'utf-8') return bytes;
  const text = pipeline(bytes, toUtf8(encoding), () => {});
  return text.on('error', () => {});
}

/** Reads the first bytes of a stream, and returns them together with a stream that still begins with them. */
async function readBeginning(bytes: Readable): Promise<{ start: Buffer; whole: Readable }> {
  const parts: Buffer[] = [];
  let length = 0;
  let isEnded = false;
  while (!isEnded) {
    const part = (await nextPart(bytes)) as Buffer | null;
    isEnded = part === null;
    if (part === null) break;
    parts.push(part);
    length += part.length;
    // Eight bytes are enough: a person who types, or a slow program, may write no more for a while.
    if (length >= 8) break;
  }
  const start = Buffer.concat(parts);
  // A short stream has ended by now, and nothing can be put back into it.
  isEnded ||= bytes.readableEnded;
  if (bytes.errored) throw bytes.errored;
  if (!isEnded) {
    bytes.unshift(start);
    return { start: start.subarray(0, startBytes), whole: bytes };
  }
  const whole = new Readable({ read() {} });
  if (length > 0) whole.push(start);
  whole.push(null);
  return { start, whole };
}

/** The next part of the stream; null at its end. */
function nextPart(bytes: Readable): Promise<unknown> {
  const part: unknown = bytes.read();
  if (part !== null || bytes.readableEnded) return Promise.resolve(part);
  const { promise, resolve: settle, reject } = Promise.withResolvers<unknown>();
  const tryRead = () => {
    const found: unknown = bytes.read();
    if (found !== null) settle(found);
  };
  const end = () => settle(null);
  bytes.on('readable', tryRead).once('end', end).once('error', reject);
  return promise.finally(() => bytes.off('readable', tryRead).off('end', end).off('error', reject));
}

function toUtf8(encoding: string): Transform {
  const decoder = new TextDecoder(encoding);
  return new Transform({
    transform: (chunk: Buffer, _encoding, done) =>
      done(null, Buffer.from(decoder.decode(chunk, { stream: true }))),
    flush: (done) => done(null, Buffer.from(decoder.decode())),
  });
}

/** The error for a failure while reading. */
export function unreadable(name: string, error: unknown): UnreadableLogError {
  if (error instanceof UnreadableLogError) return error;
  const code = String((error as NodeJS.ErrnoException).code);
  const damaged = /^(Z_|ZSTD_)/.test(code);
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
