import { chmodSync, renameSync, statSync } from 'node:fs';
import { pino, type Logger } from 'pino';
import type { Config } from './config.ts';
import { passwordsIn, redactor, redactValue } from './redact.ts';

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

/** Appends to a file of bounded size, or writes to standard output. */
function destination(file: string | undefined): Destination {
  if (file === undefined) return standardOutput();
  const stream = pino.destination({ dest: file, sync: true, mkdir: true, mode });
  chmodSync(file, mode);
  let bytes = statSync(file).size;
  return {
    write(line) {
      if (bytes > largestBytes) {
        renameSync(file, `${file}.1`);
        stream.reopen();
        bytes = 0;
      }
      bytes += Buffer.byteLength(line);
      stream.write(line);
    },
  };
}

/**
 * JSON lines to standard output, or appended to `file`. No line holds a password of the configuration: they are
 * redacted by value, because by path those in messages, stacks and addresses would be missed, and before a value
 * is written, because JSON writes some of their characters in another way.
 */
export function openLog(config: Config, file?: string): Log {
  const secrets = [config.databaseUrl, config.redisUrl].flatMap(passwordsIn);
  const into = destination(file);
  const redact = redactor(secrets);
  const written =
    secrets.length === 0
      ? into
      : {
          write: (line: string) =>
            into.write(`${JSON.stringify(redactValue(redact, JSON.parse(line)))}\n`),
        };
  return pino({ level: config.logLevel, base: { pid: process.pid } }, written);
}
