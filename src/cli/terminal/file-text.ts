/** The text of a file that a person names, or of standard input for `-`: the one reader for all commands. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { decodeText } from '../../ground/encoding.ts';
import { messageOf, type UsageError } from '../../ground/errors.ts';
import { whyUnreadable } from '../../ground/files/why-unreadable.ts';

/** What errors call the file. */
export const nameOf = (file: string): string => (file === '-' ? 'standard input' : file);

/**
 * The text without its byte order mark, with \n alone at the ends of lines; UTF-16 is read, too. It may have `maxBytes` at
 * most. Throws what `unusable` makes of the reason.
 */
export async function textOf(
  file: string,
  maxBytes: number,
  unusable: (place: string, why: string, cause?: unknown) => UsageError,
): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    const why = file === '-' ? null : whyUnreadable(await stat(file));
    if (why !== null) throw new Error(why);
    for await (const chunk of file === '-' ? process.stdin : createReadStream(file)) {
      chunks.push(chunk as Buffer);
      bytes += (chunk as Buffer).length;
      if (bytes > maxBytes) break;
    }
  } catch (error) {
    const known = reasons[(error as NodeJS.ErrnoException).code ?? ''];
    throw unusable(nameOf(file), known ?? messageOf(error), error);
  }
  if (bytes > maxBytes) throw unusable(nameOf(file), `it is longer than ${maxBytes} bytes`);
  const text = decodeText(Buffer.concat(chunks));
  if ('why' in text) throw unusable(nameOf(file), text.why);
  return text.text;
}

const reasons: Record<string, string> = {
  ENOENT: 'there is no such file',
  EACCES: 'it may not be read',
};
