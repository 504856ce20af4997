/** The `.env` of this process, and where it lives. */
import { lstatSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { projectFile } from './ground/files/project-file.ts';
import { NoSettingsError, readSettings } from './ground/files/settings-file.ts';
import { distrust } from './ground/files/trusted.ts';
import { isPackage } from './ground/is-package.ts';
import { once } from './ground/once.ts';

/**
 * Where `.env` and `.roundsman` live: beside the project's `roundsman.config.ts`. Without one it is the checkout, or the current
 * directory when installed as a package.
 */
export const projectDirectory: string = directoryOfProject();

function directoryOfProject(): string {
  const file = projectFile();
  if (file !== null) return dirname(file);
  return isPackage
    ? process.cwd()
    : fileURLToPath(new URL('../', import.meta.url)).replace(/\/$/, '');
}

export const dotEnvFile: string = join(projectDirectory, '.env');

/**
 * The text of a `.env`. It is checked whether the file may be read before it is opened: reading another user's pipe would never
 * end. Throws {@link NoSettingsError}, and the system's errors. Where the file does not exist, this is ENOENT at once: who could
 * create the file does not matter then.
 */
export function textOfDotEnv(file: string): string {
  lstatSync(file);
  const found = distrust(file);
  if (found)
    throw new NoSettingsError(
      `${found.why}, so its settings may be another user's`,
      `${found.hint}, or remove ${file}`,
    );
  return readSettings(file);
}

const reading = once((): { text: string } | { error: unknown } => {
  try {
    return { text: textOfDotEnv(dotEnvFile) };
  } catch (error) {
    return { error };
  }
});

/**
 * The text of this process's own `.env`, which is read only once: so all settings are those of one moment, and a pipe gives its
 * text a single time. An error is thrown again at each call.
 */
export function dotEnvText(): string {
  const read = reading();
  if ('error' in read) throw read.error;
  return read.text;
}
