import { note } from '../terminal/print.ts';

/** The number that a person gave, if it is that of a group which was merged into this one; null for all other names of the group. */
export function mergedFrom(given: string, id: string): string | null {
  const number = /^#?(\d{1,18})$/.exec(given)?.[1];
  return number !== undefined && BigInt(number) !== BigInt(id) ? String(BigInt(number)) : null;
}

/** A change reaches the whole group, and not only the part that the person may have in mind. */
export function noteMerged(given: string, id: string): void {
  const number = mergedFrom(given, id);
  if (number !== null) note(`Group ${number} was merged into group ${id}.`);
}
