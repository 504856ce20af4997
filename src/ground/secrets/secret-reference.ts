/** Finds and fills in references to a secret by its name in texts: `{{secret:NAME}}`. */

/** The allowed names of secrets; `engine.secrets` has the same rule. */
export const secretName = /^[A-Z][A-Z0-9_]{0,99}$/;

const reference = /\{\{secret:([A-Z][A-Z0-9_]{0,99})\}\}/g;

/** A part of a text that its writer meant as a reference, whether it is written correctly or not. */
const attemptedReference = /\{\{\s*secrets?\b[^{}]*\}?\}?/gi;

export const referenceTo = (name: string): string => `{{secret:${name}}}`;

/** Whether a text begins with a reference: then its beginning is known only with the secret's value. */
export const beginsWithReference = (text: string): boolean =>
  /^\{\{secret:[A-Z][A-Z0-9_]{0,99}\}\}/.test(text);

/** The texts in a value, each with its place; property names do not count. */
export function textsIn(
  value: unknown,
  path: readonly (string | number)[] = [],
): { path: readonly (string | number)[]; text: string }[] {
  if (typeof value === 'string') return [{ path, text: value }];
  if (Array.isArray(value)) return value.flatMap((each, index) => textsIn(each, [...path, index]));
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([name, each]) => textsIn(each, [...path, name]));
}

/** The names of the secrets in a value's texts, each once. */
export const secretsNamedIn = (value: unknown): string[] => [
  ...new Set(
    textsIn(value).flatMap(({ text }) => [...text.matchAll(reference)].map(([, name]) => name!)),
  ),
];

/** The part of a text that looks like a reference but is not one, or null. */
export function brokenReferenceIn(text: string): string | null {
  const broken = [...text.matchAll(attemptedReference)]
    .map(([found]) => found)
    .find((found) => found.replace(reference, '') !== '');
  return broken ?? null;
}

/**
 * The text with each reference replaced by its value. `encode` writes a value in the form that the text around it
 * needs. Filled-in values are not searched again: a value that looks like a reference stays a value.
 */
export const filledIn = (
  text: string,
  valueOf: (name: string) => string,
  encode: (value: string) => string = (value) => value,
): string => text.replace(reference, (_, name: string) => encode(valueOf(name)));
