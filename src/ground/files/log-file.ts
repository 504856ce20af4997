/** The file of a log: our own, of bounded size, and found again when another program has put it aside. */
import * as fs from 'node:fs';
import { dirname } from 'node:path';
import { capitalised, messageOf, RoundsmanError } from '../errors.ts';
import { makeHome, openOwn } from './own-file.ts';
import { distrust, distrustWay } from './trusted.ts';

export interface Destination {
  write(line: string): void;
}

/** The log cannot be written to its file. */
export class LogFileError extends RoundsmanError {}

/** A file that is larger is put aside as `<file>.1`, in place of the one before: twice as much is kept at most. */
const largestBytes = 10 * 1024 * 1024;

/** What only its owner may read: components, addresses and errors of the platform stand in it. */
const mode = 0o600;

function open(file: string): number {
  const fd = openOwn(
    file,
    fs.constants.O_WRONLY | fs.constants.O_APPEND | fs.constants.O_CREAT,
    mode,
  );
  try {
    fs.fchmodSync(fd, mode);
    return fd;
  } catch (error) {
    fs.closeSync(fd);
    throw error;
  }
}

/** Makes its directory where it is missing. Another user could turn each name in one that is theirs into a link. */
function openFirst(file: string): number {
  const directory = dirname(file);
  let hint = 'Make that place writable, or set ROUNDSMAN_HOME to another one.';
  try {
    // Nothing is left behind in a place that is refused.
    let found = fs.existsSync(directory) ? null : distrustWay(directory);
    if (!found) {
      makeHome(directory);
      found = distrust(directory);
    }
    if (!found) return open(file);
    hint = `${capitalised(found.hint)}, or set ROUNDSMAN_HOME to another place.`;
    throw new Error(`${found.why}, who could lead it elsewhere`);
  } catch (error) {
    const [why, what] =
      error instanceof RoundsmanError ? [error.why, error.hint] : [messageOf(error), hint];
    throw new LogFileError(
      { what: `The log cannot be written to ${file}`, why, hint: what },
      { cause: error },
    );
  }
}

const isSame = (one: fs.Stats, other: fs.Stats): boolean =>
  one.ino === other.ino && one.dev === other.dev;

const look = (file: string): fs.Stats | undefined => fs.lstatSync(file, { throwIfNoEntry: false });

/**
 * Appends to a file of bounded size. A line that cannot be written, as on a full disk, is lost, and the process goes
 * on; a file that cannot be put aside grows until that is possible. Where another program puts the file aside
 * (logrotate), empties or removes it, the next line goes into the one that has its name then. Throws
 * {@link LogFileError} where there can be no such file.
 */
export function appendTo(file: string): Destination {
  let fd = openFirst(file);
  /** What the lines go into: each of them asks whether that still has its name. */
  let opened = fs.fstatSync(fd);
  let isBroken = false;
  /** Not before it has grown so far: after a try that failed. */
  let putAsideAt = largestBytes;
  /** What lies under the name of what is put aside and is ours to replace. */
  let replaceable = look(`${file}.1`);

  function reopen(): void {
    const next = open(file);
    fs.closeSync(fd);
    fd = next;
    opened = fs.fstatSync(fd);
  }

  function putAside(now: fs.Stats): void {
    putAsideAt = now.size + largestBytes;
    const before = look(`${file}.1`);
    // Another program's stays what it is.
    const isOurs = !before || (replaceable !== undefined && isSame(before, replaceable));
    fs.renameSync(file, isOurs ? `${file}.1` : `${file}.old`);
    if (isOurs) replaceable = now;
    reopen();
    putAsideAt = largestBytes;
  }

  function keepUp(): void {
    try {
      const now = look(file);
      if (!now || !isSame(now, opened)) {
        reopen();
        putAsideAt = largestBytes;
      } else if (now.size > putAsideAt) putAside(now);
    } catch {
      // The lines go on where they went.
    }
  }

  return {
    write(line) {
      keepUp();
      try {
        // Behind a part of a line that one begins anew.
        const text = Buffer.from(isBroken ? `\n${line}` : line);
        const written = fs.writeSync(fd, text);
        isBroken = written < text.length;
      } catch {
        isBroken = true;
      }
    },
  };
}
