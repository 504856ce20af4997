/** The files of definitions that a person names, and those in folders. */
import { lstat, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, UsageError } from '../../ground/errors.ts';
import { maxBytes } from '../../services/definitions/files/header.ts';
import type { GivenFile } from '../../services/definitions/files/read.ts';
import { nameOf, textOf } from '../terminal/file-text.ts';

/** How many files one command reads, and how deep folders may be inside each other. */
const maxFiles = 2_000;
const maxFolders = 20;

const isDefinitions = (name: string): boolean => /\.ya?ml$/i.test(name);

/**
 * The texts of the files, and of all files `*.yaml` and `*.yml` in the folders, by name. Hidden ones are left out; a symbolic link in a folder
 * is refused. Throws UsageError.
 */
export async function filesOf(
  given: readonly string[],
  { mayBeEmpty = false } = {},
): Promise<GivenFile[]> {
  const paths: string[] = [];
  for (const path of given) {
    if (path === '-' || !(await isFolder(path))) paths.push(path);
    else await addFolder(paths, path, 1);
  }
  const unique = [...new Set(paths)];
  if (unique.length === 0 && !mayBeEmpty)
    throw unusable(given.join(', '), 'there is no file in it that ends with .yaml or .yml');
  const files: GivenFile[] = [];
  for (const path of unique)
    files.push({ place: nameOf(path), text: await textOf(path, maxBytes, unusable) });
  return files;
}

export async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    // Reading it says what is wrong.
    return false;
  }
}

async function addFolder(paths: string[], folder: string, depth: number): Promise<void> {
  if (depth > maxFolders) throw unusable(folder, `it is deeper than ${maxFolders} folders`);
  let names: string[];
  try {
    names = (await readdir(folder)).toSorted();
  } catch (error) {
    throw unusable(folder, messageOf(error), error);
  }
  for (const name of names.filter((each) => !each.startsWith('.'))) {
    const path = join(folder, name);
    const entry = await lstat(path);
    if (entry.isDirectory()) await addFolder(paths, path, depth + 1);
    else if (!isDefinitions(name)) continue;
    else if (entry.isSymbolicLink())
      throw unusable(
        path,
        'it is a symbolic link, and links in a folder are not followed: name its target',
      );
    else paths.push(path);
    if (paths.length > maxFiles) throw unusable(folder, `it has more than ${maxFiles} files`);
  }
}

const unusable = (place: string, why: string, cause?: unknown): UsageError =>
  new UsageError(
    {
      what: 'the definitions cannot be read',
      why: `${place}: ${why}`,
      hint: 'give files as `npx roundsman export -f definitions` writes them',
    },
    { cause },
  );
