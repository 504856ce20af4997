/** Reads the body of an answer as text: many feeds and pages are not written in UTF-8. */
import { encodingOf } from '../ground/encoding.ts';

/** In bytes: where browsers, too, look for the encoding that a page names itself. */
const maxDeclaration = 1_024;

/** The encoding that an XML declaration or a `<meta>` names. */
const declaration =
  /^\s*<\?xml\b[^>]*?\bencoding\s*=\s*["']([\w.:-]+)|<meta\b[^>]*?\bcharset\s*=\s*["']?([\w.:-]+)/i;

const isUtf8 = (bytes: Uint8Array): boolean => {
  try {
    // As a stream, because a body that was cut may end within a character.
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
};

/**
 * Bytes that are UTF-8 are read as that, whatever header and page say: both are often wrong, and a text of another encoding is
 * UTF-8 by chance only if it is ASCII. Other bytes are read as the header says, else as they name themselves. An encoding that
 * is not known leaves U+FFFD in place of what cannot be read.
 */
export function bodyText(bytes: Uint8Array, contentType: string | undefined): string {
  const { encoding, mark } = encodingOf(bytes);
  const names: (string | undefined)[] = [encoding];
  // A byte order mark counts more than anything else (RFC 7303, section 3).
  if (mark === 0 && encoding === 'utf-8' && !isUtf8(bytes)) {
    const [, xml, page] =
      declaration.exec(Buffer.from(bytes.subarray(0, maxDeclaration)).toString('latin1')) ?? [];
    const header = /;\s*charset\s*=\s*"?([\w.:-]+)/i.exec(contentType ?? '')?.[1];
    names.unshift(header, xml, page);
  }
  const decoders = names.flatMap((name) => {
    try {
      return name === undefined ? [] : [new TextDecoder(name)];
    } catch {
      return [];
    }
  });
  return decoders[0]!.decode(bytes);
}
