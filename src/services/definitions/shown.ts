import { printable } from '../../ground/text.ts';

const maxCharacters = 100;

/** A value of a definition in one line, for a person. */
export function shown(value: unknown): string {
  const text = printable(JSON.stringify(value ?? null));
  return text.length > maxCharacters ? `${text.slice(0, maxCharacters)}…` : text;
}
