import { chmodSync, renameSync, statSync } from 'node:fs';
import { pino, type Logger } from 'pino';
import type { Config } from './config.ts';
import { passwordsIn, redactor, redactValue } from './redact.ts';

export type Log = Logger;

/** A file that is larger is put aside as `<file>.1`, in place of the one before: twice as much is kept at most. */
const largestBytes = 10 * 1024 * 1024;

/** What only its owner may read: components, addresses and errors of the platform stand in it. */
const mode = 0o600;

/** Appends to a file of bounded size, or writes to standard output. */
function destination(file: string | undefined): { write(line: string): void } {
  const stream = pino.destination({ dest: file ?? 1, sync: true, mkdir: true, mode });
  if (file === undefined) return stream;
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
