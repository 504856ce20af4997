/** Keys and components of findings that contain names from outside, with a maximum of characters. */
import { createHash } from 'node:crypto';

/** The text, or where it is too long its beginning and a hash of all of it, so that two long texts stay different. */
export function bounded(text: string, max: number): string {
  if (text.length <= max) return text;
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 12);
  return `${text.slice(0, max - 15)}… ${hash}`;
}
