/** The name that the platform's own code gave the group of an error, in `context.fingerprint`. */
import { createHash } from 'node:crypto';
import { fitting, storable } from '../../ground/text.ts';

const maxLength = 200;
const hashLength = 16;
/** Clients of error trackers write this for the group that the message has anyway. */
const ofMessage = /^\{\{\s*default\s*\}\}$/;

/**
 * A text, or the texts of a list joined. Null for all else, and for a list with the placeholder of the message: the message decides.
 * Two that differ have different names, however long they are.
 */
export function fingerprintOf(given: unknown): string | null {
  const texts: unknown[] = Array.isArray(given) ? given : [given];
  if (texts.length === 0 || !texts.every(isName)) return null;
  // Without quotes, `a b` and `c` would be the same list as `a` and `b c`.
  const isAmbiguous = texts.length > 1 && texts.some((text) => /[\s"]/.test(text));
  const name = texts.map((text) => (isAmbiguous ? JSON.stringify(text) : text)).join(' ');
  if (storable(name).length <= maxLength) return storable(name);
  const hash = createHash('sha256').update(name).digest('hex').slice(0, hashLength);
  return `${fitting(name, maxLength - hashLength - 1)} ${hash}`;
}

const isName = (text: unknown): text is string =>
  typeof text === 'string' && text !== '' && !ofMessage.test(text);
