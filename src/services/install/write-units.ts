import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { messageOf, RoundsmanError, UsageError } from '../../ground/errors.ts';
import { systemdUnits, type UnitOptions } from './systemd-units.ts';

/** A unit could not be written. */
export class UnitUnwrittenError extends RoundsmanError {}

export interface PlannedUnit {
  file: string;
  text: string;
  /** what stands there now: another text, the same, or nothing */
  there: 'nothing' | 'same' | 'other';
}

/**
 * What would be written into this folder. Writes nothing. Throws {@link UsageError} for a path or an account that no unit can name,
 * and for a program that the account cannot reach.
 */
export function planUnits(folder: string, options: UnitOptions): PlannedUnit[] {
  const { node, program, user, settingsFile, config } = options;
  for (const [flag, path] of [
    ['--folder', folder],
    ['--settings', settingsFile],
  ] as const)
    if (!isAbsolute(path) || /\p{Cc}/u.test(path))
      throw new UsageError({
        what: `${flag} cannot be used`,
        why: 'a unit names files by their whole path',
        hint: `give ${flag} a path that begins with /`,
      });
  if (!/^[a-z_][a-z0-9_-]{0,30}$/.test(user) || user === 'root')
    throw new UsageError({
      what: '--user cannot be used',
      why:
        user === 'root' ? 'the processes need no right of root' : 'that is no name of an account',
      hint: 'give the name of an account that only runs Roundsman, such as roundsman',
    });
  for (const path of [node, program, ...(config === null ? [] : [config])]) refuseUnreachable(path);
  return systemdUnits(options).map(({ name, text }) => {
    const file = join(folder, name);
    return { file, text, there: stateOf(file, text) };
  });
}

/** Throws where a directory on the way lets only its owner through: the account of the units could not start the program. */
function refuseUnreachable(path: string): void {
  for (let directory = dirname(path); ; directory = dirname(directory)) {
    if ((statSync(directory).mode & 0o001) === 0)
      throw new UsageError({
        what: 'the units could not start this program, or not load the project',
        why: `${path} lies below ${directory}, which other accounts may not enter`,
        hint: 'install Roundsman in a place for everyone, such as /opt/roundsman, and run this command from there',
      });
    if (directory === dirname(directory)) return;
  }
}

function stateOf(file: string, text: string): PlannedUnit['there'] {
  try {
    return readFileSync(file, 'utf8') === text ? 'same' : 'other';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'nothing';
    throw unwritten(file, error);
  }
}

/** Writes the units that are not there as they are to be; each is whole or as it was before. Returns their files. */
export function writeUnits(units: readonly PlannedUnit[]): string[] {
  const written: string[] = [];
  for (const { file, text, there } of units) {
    if (there === 'same') continue;
    const beside = `${file}.new-${process.pid}`;
    try {
      mkdirSync(dirname(file), { recursive: true });
      // wx: a link that another user has put there is not followed.
      writeFileSync(beside, text, { flag: 'wx', mode: 0o644 });
      renameSync(beside, file);
    } catch (error) {
      rmSync(beside, { force: true });
      throw unwritten(file, error);
    }
    written.push(file);
  }
  return written;
}

const unwritten = (file: string, error: unknown) =>
  new UnitUnwrittenError(
    {
      what: 'the units of systemd could not be written',
      why: `${file}: ${messageOf(error)}`,
      hint: 'run it as root, or give --folder another place; `--dry-run` prints them',
    },
    { cause: error },
  );
