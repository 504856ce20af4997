/** What a list of mutants says, and how one is made. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Changes of one file, each of which one test file has to notice. */
export interface Mutants {
  file: string;
  test: string;
  /** whether that test file asks PostgreSQL */
  servers: boolean;
  /** by what is wrong then: a text that stands once in the file, and what replaces it */
  changes: { [name: string]: readonly [text: string, replacement: string] };
}

export interface Mutant extends Pick<Mutants, 'file' | 'test' | 'servers'> {
  name: string;
  text: string;
  replacement: string;
}

export const eachOf = (lists: readonly Mutants[]): Mutant[] =>
  lists.flatMap(({ changes, ...where }) =>
    Object.entries(changes).map(([name, [text, replacement]]) => ({
      ...where,
      name,
      text,
      replacement,
    })),
  );

/** How often its text stands in the checkout. It has to be once: anywhere else it would be another mutant. */
export const placesOf = (checkout: string, { file, text }: Mutant): number =>
  readFileSync(join(checkout, file), 'utf8').split(text).length - 1;

/** Changes the file in the checkout; returns what makes it whole again. */
export function mutate(checkout: string, { file, text, replacement }: Mutant): () => void {
  const path = join(checkout, file);
  const whole = readFileSync(path, 'utf8');
  // As a function: a replacement with a `$` is taken as it stands.
  writeFileSync(
    path,
    whole.replace(text, () => replacement),
  );
  return () => writeFileSync(path, whole);
}
