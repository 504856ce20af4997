import { isDeepStrictEqual } from 'node:util';
import type { Kind, Values } from '../kinds/kind.ts';

/** The fields that a file names as rows have them, null ones replaced by their defaults. Throws what the kind says of a field that cannot be read. */
export function wantedOf(kind: Kind, name: string, given: Values, before: Values | null): Values {
  const usual = kind.defaults(name);
  const nulls = Object.keys(given).filter((field) => given[field] === null);
  const texts = Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== null && value !== undefined),
  );
  const reset = Object.fromEntries(nulls.map((field) => [field, usual[field] ?? null]));
  return { ...kind.read(texts, before, name), ...reset };
}

/** The fields in which a row is not what a file wants. */
export const differingFields = (
  kind: Kind,
  { wanted, given, before }: { wanted: Values; given: Values; before: Values },
): string[] =>
  kind.fields
    // A row that was written by hand may have what a command would tidy, such as spaces: a file may say that, too.
    .filter(
      (field) =>
        field in wanted &&
        ![wanted[field], given[field]].some((each) => isDeepStrictEqual(each, before[field])),
    );
