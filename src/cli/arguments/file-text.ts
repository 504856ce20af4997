/** The text of a file that a person names, or of standard input for `-`. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { decoded } from '../../ground/encoding.ts';
import { messageOf, type UsageError } from '../../ground/errors.ts';
import { noFile } from '../../ground/files/no-file.ts';

/** How errors call it. */
export const nameOf = (file: string): string => (file === '-' ? 'standard input' : file);

/** Not more than `mostBytes` of UTF-8. Throws what `unusable` makes of the reason. */
export async function textOf(
  file: string,
  mostBytes: number,
  unusable: (place: string, why: string, cause?: unknown) => UsageError,
): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    const why = file === '-' ? null : noFile(await stat(file));
    if (why !== null) throw new Error(why);
    for await (const chunk of file === '-' ? process.stdin : createReadStream(file)) {
      chunks.push(chunk as Buffer);
      bytes += (chunk as Buffer).length;
      if (bytes > mostBytes) break;
    }
  } catch (error) {
    throw unusable(nameOf(file), messageOf(error), error);
  }
  if (bytes > mostBytes) throw unusable(nameOf(file), `it is longer than ${mostBytes} bytes`);
  const text = decoded(Buffer.concat(chunks));
  if ('why' in text) throw unusable(nameOf(file), text.why);
  return text.text;
}
