import { UsageError, type Explanation } from '../../ground/errors.ts';

/**
 * All of standard input, where it is not a terminal, without the end of its last line. More than `maxBytes` is not read: the
 * text is then longer than that, and the rest is left out. Throws {@link UsageError} with `notUtf8` for bytes that are not
 * UTF-8.
 */
export async function pipedText(maxBytes: number, notUtf8: Explanation): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of process.stdin) {
    chunks.push(chunk as Buffer);
    bytes += (chunk as Buffer).length;
    // The end of the last line takes up to two bytes more.
    if (bytes > maxBytes + 2) break;
  }
  try {
    // A byte order mark at the beginning is left out: the program that wrote the value added it. A character that is cut
    // at the limit is not a fault of the text.
    const text = new TextDecoder('utf-8', { fatal: bytes <= maxBytes });
    return text.decode(Buffer.concat(chunks)).replace(/\r?\n$/, '');
  } catch (error) {
    throw new UsageError(notUtf8, { cause: error });
  }
}
