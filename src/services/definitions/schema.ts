/** The kinds of definitions, and the JSON Schema of their files. */
import { NotFoundError } from '../../ground/errors.ts';
import { didYouMean } from '../../ground/nearest.ts';
import { printable } from '../../ground/text.ts';
import { jsonSchemaOf } from './files/header.ts';
import { kindNames } from './kinds/kind-names.ts';
import { kinds } from './kinds/index.ts';
import type { Kind } from './kinds/kind.ts';

/** Throws NotFoundError with the nearest kind. */
export function kindNamed(given: string): Kind {
  const kind = kinds.find((each) => each.kind === given);
  if (kind) return kind;
  throw new NotFoundError({
    what: `there is no kind ${printable(given)}`,
    why: `there are ${kindNames.join(', ')}`,
    hint: didYouMean(given, kindNames, '`npx roundsman schema` lists them'),
  });
}

/** The JSON Schema, draft 7. Throws NotFoundError. */
export const jsonSchemaNamed = (given: string): object => jsonSchemaOf(kindNamed(given));

export const listKinds = (): { kind: string; meaning: string }[] =>
  kinds.map(({ kind, meaning }) => ({ kind, meaning }));
