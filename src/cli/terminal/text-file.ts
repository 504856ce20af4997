/** A long text in a file, and what no such text may be. */
import { open } from 'node:fs/promises';
import { UsageError } from '../../ground/errors.ts';
import { printable } from '../../ground/text.ts';

/** The text cannot be read, is none, or is too long: nothing was changed. */
export class LongTextError extends UsageError {}

/** More is not read; what a text is for may allow less. */
export const mostBytes = 1_000_000;

/** The most characters of notes; a log belongs behind a link. */
export const mostCharacters = 10_000;

export const no = (why: string, hint: string, cause?: unknown) =>
  new LongTextError({ what: 'nothing was changed', why, hint }, { cause });

/** Of a file, at most a little more than {@link mostBytes}. Throws {@link LongTextError}. */
export async function fromFile(path: string): Promise<string> {
  const name = printable(path);
  try {
    await using file = await open(path, 'r');
    const chunks: Buffer[] = [];
    let bytes = 0;
    for (;;) {
      const chunk = Buffer.alloc(64 * 1024);
      const { bytesRead } = await file.read(chunk, 0, chunk.length, null);
      if (bytesRead === 0) break;
      chunks.push(chunk.subarray(0, bytesRead));
      bytes += bytesRead;
      if (bytes > mostBytes) throw tooLong(name, `more than ${mostBytes} bytes`);
    }
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
  } catch (error) {
    if (error instanceof LongTextError) throw error;
    if (error instanceof TypeError)
      throw no(`${name} is not UTF-8`, 'give the text in UTF-8', error);
    const code = (error as NodeJS.ErrnoException).code ?? 'the system does not say why';
    throw no(
      `${name} cannot be read: ${reasons[code] ?? code}`,
      'name a file with the text, or - for standard input',
      error,
    );
  }
}

const reasons: Record<string, string> = {
  ENOENT: 'there is no such file',
  EACCES: 'it may not be read',
  EISDIR: 'it is a folder',
};

export const tooLong = (where: string, has: string) =>
  no(
    `${where} has ${has}, and ${mostCharacters} characters are the most`,
    'shorten it: a log belongs behind a link',
  );
