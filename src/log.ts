import { pino, type Logger } from 'pino';
import type { Config } from './config.ts';
import { appendTo, type Destination, type LineWatch } from './ground/files/log-file.ts';
import { secretsInPing } from './ground/addresses/ping-address.ts';
import { openRedaction, passwordsIn, type Redaction } from './ground/secrets/redact.ts';

export type Log = Logger;

/** The most bytes that may wait for a reader of standard output that does not read; lines beyond this are dropped. */
const maxWaiting = 1024 * 1024;

/** A reader that stops reading must not stop the process: lines that it does not take are dropped and counted. */
function standardOutput(): Destination {
  let left = 0;
  return {
    write(line) {
      if (process.stdout.writableLength > maxWaiting) return void (left += 1);
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

const redactions = new WeakMap<Log, Redaction>();

/**
 * The redaction of a log: secrets that are added to it are redacted from now on. For a log that was not opened here: a
 * redaction without effect.
 */
export function redactionOf(log: Log): Redaction {
  const known = redactions.get(log) ?? openRedaction();
  redactions.set(log, known);
  return known;
}

/** Property names of every line: they are never redacted, whatever a secret is. */
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
 * Writes JSON lines to standard output, or appends them to `file`; `watch` is informed when lines are lost. No line contains a
 * password of the configuration, the address of pings, a key or an opened secret. They are redacted by value, because redaction
 * by path would miss those in messages, stacks and addresses; and before a value is written, because JSON writes some of their
 * characters in another way. Throws an error where the file cannot be one of our own.
 */
export function openLog(config: Config, file?: string, watch?: LineWatch): Log {
  const into = file === undefined ? standardOutput() : appendTo(file, watch);
  const { databaseUrl, redisUrl, pingUrl, keys } = config;
  const redaction = openRedaction(
    [
      ...[databaseUrl, redisUrl].flatMap(passwordsIn),
      ...secretsInPing(pingUrl),
      ...(keys?.texts() ?? []),
    ].map((value) => ({ value })),
  );
  const written = {
    write: (line: string) =>
      into.write(`${JSON.stringify(redactLine(redaction, JSON.parse(line) as object))}\n`),
  };
  const log = pino({ level: config.logLevel, base: { pid: process.pid } }, written);
  redactions.set(log, redaction);
  return log;
}
