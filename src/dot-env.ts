/** The `.env` of this process, and where it lives. */
import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NoSettingsError, readSettings } from './ground/files/settings-file.ts';
import { distrust } from './ground/files/trusted.ts';
import { isPackage } from './ground/is-package.ts';
import { once } from './ground/once.ts';

/** Where `.env` and `.roundsman` live: the checkout, or the current directory when installed as a package. */
export const projectDirectory: string = isPackage
  ? process.cwd()
  : fileURLToPath(new URL('../', import.meta.url)).replace(/\/$/, '');

export const dotEnvFile: string = join(projectDirectory, '.env');

/**
 * The text of a `.env`. Whether it may be read is asked before it is opened: reading another user's pipe would never end.
 * Throws {@link NoSettingsError}, and the system's error: ENOENT where the file does not exist, for then it does not matter
 * who could create it.
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
 * The same, of this process's own `.env`, which is read once: all settings are those of one moment, and a pipe gives its
 * text a single time. What was thrown is thrown again.
 */
export function dotEnvText(): string {
  const read = reading();
  if ('error' in read) throw read.error;
  return read.text;
}
