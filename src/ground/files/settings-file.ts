/** The text of a `.env`. */
import { readFileSync, statSync } from 'node:fs';
import { decoded } from '../encoding.ts';
import { noFile } from './no-file.ts';

const maxBytes = 1024 * 1024;

/** The file holds no settings: the message says why, without any of its text. */
export class NoSettingsError extends Error {
  override readonly name = 'NoSettingsError';
  readonly hint: string;

  constructor(why: string, hint: string) {
    super(why);
    this.hint = hint;
  }
}

/**
 * UTF-8 or UTF-16, with or without a byte order mark; its lines end with \n. Throws {@link NoSettingsError}, and the
 * system's error, ENOENT where it does not exist.
 */
export function readSettings(file: string): string {
  const stats = statSync(file);
  const why = noFile(stats);
  const remove = `put a file there, or remove ${file}`;
  if (why) throw new NoSettingsError(why, remove);
  if (stats.size > maxBytes)
    throw new NoSettingsError(`it is longer than ${maxBytes} bytes`, remove);
  const text = decoded(readFileSync(file));
  if ('why' in text) throw new NoSettingsError(text.why, text.hint);
  return text.text;
}
