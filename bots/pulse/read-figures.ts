/** Reads files in which the system writes one number, or several with their names. */
import { readFile } from 'node:fs/promises';

export const read = (path: string): Promise<string | null> =>
  readFile(path, 'utf8').catch(() => null);

/** A number after a name at the beginning of a line; null where it is not there. */
export function figureOf(text: string | null, name: string): number | null {
  const found = text === null ? null : new RegExp(`^${name}[:\\s]+(\\d+)`, 'm').exec(text)?.[1];
  return found === null || found === undefined ? null : Number(found);
}

/** A file of one number; null for `max`, `-1`, and a file that is not there. */
export const numberAt = async (path: string): Promise<number | null> => {
  const text = await read(path);
  return text !== null && /^\d+\s*$/.test(text) ? Number(text) : null;
};
