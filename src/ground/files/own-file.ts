/**
 * Reads and writes files that Roundsman keeps for itself. If the directory was ever open to other users, a link, a pipe
 * or another user's file may lie under the same name. This code does not follow such a link, does not wait for such a
 * pipe, and does not write into such a file.
 */
import * as fs from 'node:fs';
import { dirname } from 'node:path';
import { RoundsmanError } from '../errors.ts';
import { isTrustedUser } from './trusted.ts';

/**
 * A file in ROUNDSMAN_HOME is a link, a pipe or the like, or belongs to another user: it is neither read nor written.
 */
export class ForeignFileError extends RoundsmanError {}

/** Why this is not a file of our own; null when it is. */
function whyForeign(stats: fs.Stats): string | null {
  if (stats.isSymbolicLink()) return "it is a link, which may lead to another program's file";
  if (!stats.isFile()) return 'it is not a regular file';
  if (process.geteuid && !isTrustedUser(stats.uid))
    return `it belongs to another user (id ${stats.uid})`;
  return stats.nlink > 1
    ? "it has a second name (a hard link), and may be another program's file"
    : null;
}

function refuse(file: string, why: string | null): void {
  if (why !== null)
    throw new ForeignFileError({
      what: `${file} cannot be used`,
      why,
      hint: `Look at it (ls -l ${file}), and move it away.`,
    });
}

/** Throws {@link ForeignFileError} where the name belongs to something that is not a file of our own. */
export function refuseForeignFile(file: string): void {
  const stats = fs.lstatSync(file, { throwIfNoEntry: false });
  if (stats) refuse(file, whyForeign(stats));
}

const safeOpenFlags = (fs.constants.O_NOFOLLOW ?? 0) | (fs.constants.O_NONBLOCK ?? 0);

/** Opens a file of our own and returns its descriptor. `flags` as for open(2); throws {@link ForeignFileError}. */
export function openOwn(file: string, flags: number, mode: number = 0o600): number {
  // Checked before opening, because opening a device or a pipe may already have an effect.
  refuseForeignFile(file);
  const fd = fs.openSync(file, flags | safeOpenFlags, mode);
  try {
    refuse(file, whyForeign(fs.fstatSync(fd)));
    return fd;
  } catch (error) {
    fs.closeSync(fd);
    throw error;
  }
}

/** The text of a file of our own; throws {@link ForeignFileError}, and ENOENT where it does not exist. */
export function readOwn(file: string): string {
  const fd = openOwn(file, fs.constants.O_RDONLY);
  try {
    return fs.readFileSync(fd, 'utf8');
  } finally {
    fs.closeSync(fd);
  }
}

/** Replaces the file by a new one with this mode and text. Never writes into an existing file of that name. */
export function replaceOwn(file: string, text: string, mode: number): void {
  fs.rmSync(file, { force: true });
  try {
    fs.writeFileSync(file, text, { flag: 'wx', mode, flush: true });
  } catch (error) {
    // A failed write does not say to which file, and on a full disk a part of it would stay.
    if ((error as NodeJS.ErrnoException).syscall === 'write') {
      Object.assign(error as Error, { path: file });
      fs.rmSync(file, { force: true });
    }
    throw error;
  }
}

/** The first `bytes` of a regular file, whoever owns it; throws for anything else. */
export function readStart(file: string, bytes: number): string {
  const fd = fs.openSync(file, fs.constants.O_RDONLY | safeOpenFlags);
  try {
    if (!fs.fstatSync(fd).isFile()) refuse(file, 'it is not a regular file');
    const text = Buffer.alloc(bytes);
    return text.toString('utf8', 0, fs.readSync(fd, text, 0, bytes, 0));
  } finally {
    fs.closeSync(fd);
  }
}

/**
 * Like mkdir -p, but with exactly this mode, whatever the umask is: no other user may put programs or a password in
 * here, and this process needs access. Node's own recursive mkdir is not used: it loops for ever below a directory such
 * as /proc, which exists and answers ENOENT to mkdir.
 */
export function makeDirectory(path: string, mode: number = 0o755): void {
  try {
    fs.mkdirSync(path, { mode });
    fs.chmodSync(path, mode);
  } catch (error) {
    if (fs.statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' || fs.existsSync(dirname(path))) throw error;
    makeDirectory(dirname(path), mode);
    makeDirectory(path, mode);
  }
}

/** When we run as root, PostgreSQL runs as another account, which has to pass through this directory to its data. */
const homeMode = (): number => (process.geteuid?.() === 0 ? 0o711 : 0o700);

/** Creates the directory of the log and the embedded database if it is missing. */
export const makeHome = (path: string): void => makeDirectory(path, homeMode());

const ownNames =
  /^((up|gate|users)\.lock(-.*)?|up\.pid|postgres(\..*)?|binaries-.*|roundsman\.log.*)$/;

/** Takes other users' access to an existing home away, unless the directory also holds files of other programs. */
export function makeHomePrivate(path: string): void {
  const { mode, uid } = fs.statSync(path);
  if (uid !== process.geteuid?.() || !(mode & 0o777 & ~homeMode())) return;
  if (fs.readdirSync(path).every((name) => ownNames.test(name)))
    fs.chmodSync(path, mode & (0o7000 | homeMode()));
}

/**
 * Creates an empty file that only its owner can open, because a user who can open a file can also lock it and block
 * every other process. An existing file is not opened.
 */
export function ensurePrivateFile(file: string): void {
  refuseForeignFile(file);
  try {
    fs.closeSync(fs.openSync(file, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const { mode, uid } = fs.lstatSync(file);
  if ((mode & 0o777) !== 0o600 && uid === process.geteuid?.()) fs.chmodSync(file, 0o600);
}
