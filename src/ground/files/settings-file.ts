/** Reads the text of a `.env` file. */
import { readFileSync, statSync } from 'node:fs';
import { decodeText } from '../encoding.ts';
import { whyUnreadable } from './why-unreadable.ts';

const maxBytes = 1024 * 1024;

/** The file cannot be a `.env`: the message says why, and repeats none of its text. */
export class NoSettingsError extends Error {
  override readonly name = 'NoSettingsError';
  readonly hint: string;

  constructor(why: string, hint: string) {
    super(why);
    this.hint = hint;
  }
}

/**
 * Returns the text of the file, with lines that end with \n. The file may be UTF-8 or UTF-16, with or without a byte
 * order mark. Throws {@link NoSettingsError}, and the system's errors, such as ENOENT where the file does not exist.
 */
export function readSettings(file: string): string {
  const stats = statSync(file);
  const why = whyUnreadable(stats);
  const remove = `put a file there, or remove ${file}`;
  if (why) throw new NoSettingsError(why, remove);
  if (stats.size > maxBytes)
    throw new NoSettingsError(`it is longer than ${maxBytes} bytes`, remove);
  const result = decodeText(readFileSync(file));
  if ('why' in result) throw new NoSettingsError(result.why, result.hint);
  return result.text;
}
