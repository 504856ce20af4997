/** Opens the home of an embedded database, and refuses what belongs to another user or can be changed by one. */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { capitalised, messageOf, RoundsmanError } from '../../ground/errors.ts';
import { makeHome, makeHomePrivate } from '../../ground/files/own-file.ts';
import { fullDiskBehind, howToMakeRoom } from '../../ground/files/full-disk.ts';
import { distrust, distrustMaybeMissing, type Distrust } from '../../ground/files/trusted.ts';
import { nameOfUser } from './account.ts';

/** The embedded database belongs to another user, or this process or its PostgreSQL may not work in its directory. */
export class ForeignDatabaseError extends RoundsmanError {}

export const passwordFile = (home: string) => join(home, 'postgres.password');

function ownerOf(path: string): number | undefined {
  try {
    return fs.statSync(path).uid;
  } catch {
    return undefined;
  }
}

function isWritable(directory: string): boolean {
  try {
    fs.accessSync(directory, fs.constants.W_OK | fs.constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Root and an ordinary user cannot take turns with one home: each leaves files that the other cannot use. */
function refuseForeign(home: string): void {
  const ownUid = process.getuid?.() ?? 0;
  const writable = isWritable(home);
  const owner = ownerOf(passwordFile(home)) ?? (writable ? ownUid : (ownerOf(home) ?? ownUid));
  if (owner === ownUid && writable) return;
  throw new ForeignDatabaseError({
    what: `The embedded database in ${home} cannot be used`,
    why:
      owner === ownUid
        ? 'its directory cannot be written'
        : `it belongs to ${nameOfUser(owner)}, and this process runs as ${nameOfUser(ownUid)}`,
    hint:
      owner === ownUid
        ? 'Make the directory writable, or set ROUNDSMAN_HOME to another one.'
        : `Run this as ${nameOfUser(owner)}, move ${home} away to start with an empty database, or set ROUNDSMAN_HOME to another place.`,
  });
}

/** Refuses a directory that another user can change, because this process runs programs and trusts settings in it. */
export const refuseShared = (directory: string, what: string): void =>
  refuseDistrusted(distrust(directory), what);

export function refuseDistrusted(found: Distrust | null, what: string): void {
  if (found)
    throw new ForeignDatabaseError({
      what,
      why: `${found.why}, who could put other programs into it`,
      hint: `${capitalised(found.hint)}, or set ROUNDSMAN_HOME to another place.`,
    });
}

/** Returns the home with links resolved, and makes it where it is missing. Refuses another user's home. */
export function openHome(home: string): string {
  // No directory is created in a refused place.
  if (!fs.existsSync(home))
    refuseDistrusted(distrustMaybeMissing(home), `The embedded database cannot be made in ${home}`);
  try {
    makeHome(home);
  } catch (cause) {
    throw new ForeignDatabaseError(
      {
        what: `The embedded database cannot be made in ${home}`,
        why: messageOf(cause),
        hint: fullDiskBehind(cause)
          ? `${capitalised(howToMakeRoom(home))}, or set ROUNDSMAN_HOME to another place.`
          : 'Make that place writable, or set ROUNDSMAN_HOME to another one.',
      },
      { cause },
    );
  }
  const real = fs.realpathSync(home);
  refuseForeign(real);
  // Checks the path as it was given, links included: another user's link may point elsewhere the next time.
  refuseShared(home, `The embedded database in ${home} cannot be used`);
  makeHomePrivate(real);
  return real;
}
