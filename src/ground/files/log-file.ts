/** The log file: our own file, of bounded size, opened again after another program has renamed it. */
import * as fs from 'node:fs';
import { dirname } from 'node:path';
import { capitalised, messageOf, RoundsmanError } from '../errors.ts';
import { fullDiskBehind, howToMakeRoom } from './full-disk.ts';
import { makeHome, openOwn } from './own-file.ts';
import { distrust, distrustMaybeMissing } from './trusted.ts';

export interface Destination {
  write(line: string): void;
}

export interface LineWatch {
  /** called when a line is lost, and not again until a line was written */
  lost(error: unknown): void;
  /** called when a line was written after those that were lost */
  written(): void;
}

/** The log cannot be written to its file. */
export class LogFileError extends RoundsmanError {}

/** A file larger than this is renamed to `<file>.1` and replaces the one before: twice this size is kept at most. */
const maxBytes = 10 * 1024 * 1024;

/** Only the owner of the log may read it: it contains components, addresses and errors of the platform. */
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

/**
 * Opens the file at the start, and makes its directory if it is missing. Refuses a directory that another user can change,
 * because that user could replace each name with a link.
 */
function openFirst(file: string): number {
  const directory = dirname(file);
  let hint = 'Make that place writable, or set ROUNDSMAN_HOME to another one.';
  try {
    // No directory is created in a refused place.
    let found = fs.existsSync(directory) ? null : distrustMaybeMissing(directory);
    if (!found) {
      makeHome(directory);
      found = distrust(directory);
    }
    if (!found) return open(file);
    hint = `${capitalised(found.hint)}, or set ROUNDSMAN_HOME to another place.`;
    throw new Error(`${found.why}, who could redirect the log to another file`);
  } catch (error) {
    if (fullDiskBehind(error))
      hint = `${capitalised(howToMakeRoom(file))}, or set ROUNDSMAN_HOME to another place.`;
    const [why, advice] =
      error instanceof RoundsmanError ? [error.why, error.hint] : [messageOf(error), hint];
    throw new LogFileError(
      { what: `The log cannot be written to ${file}`, why, hint: advice },
      { cause: error },
    );
  }
}

const isSame = (one: fs.Stats, other: fs.Stats): boolean =>
  one.ino === other.ino && one.dev === other.dev;

const statsOf = (file: string): fs.Stats | undefined =>
  fs.lstatSync(file, { throwIfNoEntry: false });

/**
 * Appends to a file of bounded size. A line that cannot be written, as on a full disk, is lost, and the process goes
 * on; a file that cannot be renamed grows until that is possible. When another program renames (logrotate), empties
 * or removes the file, the next line goes into the file that has the name then. Throws {@link LogFileError} when no
 * such file is possible.
 */
export function appendTo(
  file: string,
  { lost = () => {}, written: goesOn = () => {} }: Partial<LineWatch> = {},
): Destination {
  let isLosing = false;
  let fd = openFirst(file);
  /** The open file. Before each line, its name is checked: another file may have the name by now. */
  let opened = fs.fstatSync(fd);
  let isBroken = false;
  /** After a failed rename, the next try comes only when the file has grown to this size. */
  let rotateAt = maxBytes;
  /** The `<file>.1` that this process may replace. */
  let replaceable = statsOf(`${file}.1`);

  function reopen(): void {
    const next = open(file);
    fs.closeSync(fd);
    fd = next;
    opened = fs.fstatSync(fd);
  }

  function rotate(current: fs.Stats): void {
    rotateAt = current.size + maxBytes;
    const before = statsOf(`${file}.1`);
    // Another program's file is not replaced.
    const isOurs = !before || (replaceable !== undefined && isSame(before, replaceable));
    fs.renameSync(file, isOurs ? `${file}.1` : `${file}.old`);
    if (isOurs) replaceable = current;
    reopen();
    rotateAt = maxBytes;
  }

  function followName(): void {
    try {
      const current = statsOf(file);
      if (!current || !isSame(current, opened)) {
        reopen();
        rotateAt = maxBytes;
      } else if (current.size > rotateAt) rotate(current);
    } catch {
      // The lines still go into the old file.
    }
  }

  return {
    write(line) {
      followName();
      try {
        // After a partly written line, the next one starts with a line break.
        const text = Buffer.from(isBroken ? `\n${line}` : line);
        const written = fs.writeSync(fd, text);
        isBroken = written < text.length;
        if (isLosing && !isBroken) goesOn();
        isLosing &&= isBroken;
      } catch (error) {
        isBroken = true;
        if (!isLosing) lost(error);
        isLosing = true;
      }
    },
  };
}
