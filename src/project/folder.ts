/** The files of a project's folder that may define bots and remedies. */
import { readdirSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { RefusedCode } from '../catalogue/catalogue.ts';
import { messageOf } from '../ground/errors.ts';
import { distrust, distrustMaybeMissing, type Distrust } from '../ground/files/trusted.ts';

const isCode = /\.m?[jt]s$/;
const isLeftOut = /^[_.]|\.(?:test|spec)\.m?[jt]s$|\.d\.m?ts$/;

/** Whether a file of a folder is loaded, by its name. */
export const isLoaded = (name: string): boolean => isCode.test(name) && !isLeftOut.test(name);

export interface FolderFiles {
  /** real paths, in the order of their names */
  files: string[];
  refused: RefusedCode[];
}

/** The folder's own files, and those to which links in it lead, if these lie in it too. Never throws. */
export function filesOfFolder(folder: string): FolderFiles {
  const refuse = (file: string, why: string, hint: string): FolderFiles => ({
    files: [],
    refused: [{ file, line: null, why, hint }],
  });
  let root: string;
  let names: string[];
  try {
    if (!statSync(folder).isDirectory())
      return refuse(folder, 'it is not a folder', 'name a folder in `catalogues.folders`');
    const found = distrustWhole(folder);
    if (found)
      return refuse(
        folder,
        `${found.why}, so its code may be another user's`,
        `${found.hint}, or take the folder out of \`catalogues.folders\``,
      );
    root = realpathSync(folder);
    names = readdirSync(folder).filter(isLoaded).toSorted();
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return refuse(
      folder,
      isMissing ? 'there is no such folder' : messageOf(error),
      'make it, or take it out of `catalogues.folders` of the config',
    );
  }
  const files = new Set<string>();
  const refused: RefusedCode[] = [];
  for (const name of names) {
    const file = join(root, name);
    try {
      const real = realpathSync(file);
      if (!real.startsWith(`${root}/`))
        refused.push({
          file,
          line: null,
          why: 'it is a link that leads out of its folder',
          hint: 'put the file itself there, or name its folder in `catalogues.folders` of the config',
        });
      else if (statSync(real).isFile()) files.add(real);
    } catch (error) {
      const why = `it cannot be read: ${messageOf(error)}`;
      refused.push({ file, line: null, why, hint: 'correct the link or the rights, or remove it' });
    }
  }
  return { files: [...files], refused };
}

/** Why the folder or something in it, also below, may not be trusted. Links that lead nowhere load nothing. */
function distrustWhole(folder: string): Distrust | null {
  const found = distrust(folder);
  if (found) return found;
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true }).map((entry) =>
    join(entry.parentPath, entry.name),
  );
  for (const path of paths) {
    const inside = distrustMaybeMissing(path);
    if (inside) return inside;
  }
  return null;
}
