/** Keys and components of findings are made of names of the database, and have an end. */
import { createHash } from 'node:crypto';

/** The text itself, or its beginning and a hash of all of it: two long ones stay two. */
export function bounded(text: string, max: number): string {
  if (text.length <= max) return text;
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 12);
  return `${text.slice(0, max - 15)}… ${hash}`;
}
