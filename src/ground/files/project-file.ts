/** Where the project of this process is: the folder of its `roundsman.config.ts`. */
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { once } from '../once.ts';

/** The variable that names the file, in place of the search; `roundsman --config PATH` sets it. */
export const projectFileVariable = 'ROUNDSMAN_CONFIG';

/** The names that the file may have; where a folder has several, the first of these is meant. */
export const projectFileNames = [
  'roundsman.config.ts',
  'roundsman.config.mts',
  'roundsman.config.js',
  'roundsman.config.mjs',
] as const;

/**
 * The file of the nearest folder that has one, from `start` upwards to the first folder with a package.json; null where none has.
 * A search that went on above the project could find the file of another one.
 */
export function findProjectFile(start: string): string | null {
  for (let folder = start; ; folder = dirname(folder)) {
    const name = projectFileNames.find((each) => existsSync(join(folder, each)));
    if (name !== undefined) return join(folder, name);
    if (existsSync(join(folder, 'package.json')) || dirname(folder) === folder) return null;
  }
}

/**
 * The path of this process's project file: the one of the variable, which may be missing, or the one that is found from the
 * working directory; null without one.
 */
export const projectFile = once((): string | null => {
  const given = process.env[projectFileVariable]?.trim();
  return given ? resolve(given) : findProjectFile(process.cwd());
});
