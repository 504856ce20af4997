import {
  closeSync,
  fchmodSync,
  fstatSync,
  mkdirSync,
  openSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { pino, type Logger } from 'pino';
import type { Config } from './config.ts';
import { openRedaction, passwordsIn, type Redaction } from './redact.ts';

export type Log = Logger;

/** A file that is larger is put aside as `<file>.1`, in place of the one before: twice as much is kept at most. */
const largestBytes = 10 * 1024 * 1024;

/** What only its owner may read: components, addresses and errors of the platform stand in it. */
const mode = 0o600;

/** So much may wait for a reader of standard output that does not read: more is left out. */
const mostWaiting = 1024 * 1024;

/** A reader that stops reading must not stop the process: what it does not take is left out and counted. */
function standardOutput(): Destination {
  let left = 0;
  return {
    write(line) {
      if (process.stdout.writableLength > mostWaiting) return void (left += 1);
      if (left > 0) {
        const gap = { level: 40, time: Date.now(), pid: process.pid, left_out: left };
        left = 0;
        process.stdout.write(
          `${JSON.stringify({ ...gap, msg: 'lines were left out: the reader of this log did not read' })}\n`,
        );
      }
      process.stdout.write(line);
    },
  };
}

interface Destination {
  write(line: string): void;
}

/**
 * Appends to a file of bounded size. A line that cannot be written, as on a full disk, is lost, and the process goes
 * on; a file that cannot be put aside grows until that is possible.
 */
function appendTo(file: string): Destination {
  mkdirSync(dirname(file), { recursive: true });
  const open = () => openSync(file, 'a', mode);
  let fd = open();
  fchmodSync(fd, mode);
  let bytes = fstatSync(fd).size;
  let isBroken = false;

  function putAside(): void {
    bytes = 0;
    try {
      renameSync(file, `${file}.1`);
      const next = open();
      closeSync(fd);
      fd = next;
    } catch {
      // The lines go on where they went.
    }
  }

  return {
    write(line) {
      if (bytes > largestBytes) putAside();
      try {
        // Behind a part of a line that one begins anew.
        const text = Buffer.from(isBroken ? `\n${line}` : line);
        const written = writeSync(fd, text);
        bytes += written;
        isBroken = written < text.length;
      } catch {
        isBroken = true;
      }
    },
  };
}

const redactions = new WeakMap<Log, Redaction>();

/** What a log leaves out; what it is told from now on too. Of a log that was not opened here: nothing that shows. */
export function redactionOf(log: Log): Redaction {
  const known = redactions.get(log) ?? openRedaction();
  redactions.set(log, known);
  return known;
}

/** Names that a line has by itself: they tell nothing, whatever a secret is. */
const ownNames = new Set(['level', 'time', 'pid', 'msg', 'err', 'type', 'message', 'stack']);

/** The value of a line, or of an error in it, without secrets. */
function redactLine(redaction: Redaction, line: object): object {
  return Object.fromEntries(
    Object.entries(line).map(([name, each]) => [
      ownNames.has(name) ? name : redaction.text(name),
      name === 'err' && each !== null && typeof each === 'object'
        ? redactLine(redaction, each)
        : redaction.value(each),
    ]),
  );
}

/**
 * JSON lines to standard output, or appended to `file`. No line holds a password of the configuration, a key or an
 * opened secret: they are redacted by value, because by path those in messages, stacks and addresses would be missed,
 * and before a value is written, because JSON writes some of their characters in another way.
 */
export function openLog(config: Config, file?: string): Log {
  const into = file === undefined ? standardOutput() : appendTo(file);
  const { databaseUrl, redisUrl, keys } = config;
  const redaction = openRedaction(
    [...[databaseUrl, redisUrl].flatMap(passwordsIn), ...(keys?.texts() ?? [])].map((value) => ({
      value,
    })),
  );
  const written = {
    write: (line: string) =>
      into.write(`${JSON.stringify(redactLine(redaction, JSON.parse(line) as object))}\n`),
  };
  const log = pino({ level: config.logLevel, base: { pid: process.pid } }, written);
  redactions.set(log, redaction);
  return log;
}
