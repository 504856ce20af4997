import { maskCredentials } from '../../ground/secrets/literal-credentials.ts';
import { printable } from '../../ground/text.ts';
import type { Change } from './planning/change.ts';

const maxCharacters = 100;

/** A value of a definition in one line, for a person. */
export function shown(value: unknown): string {
  const text = printable(JSON.stringify(value ?? null));
  return text.length > maxCharacters ? `${text.slice(0, maxCharacters)}…` : text;
}

/** A value as it may be shown: what looks like a credential in it is replaced, also where only the name of its field says so. */
export function maskedValue(
  { kind, name }: Pick<Change, 'kind' | 'name'>,
  field: string,
  value: unknown,
): unknown {
  if (kind.isOpen?.(name, field)) return value;
  return (maskCredentials({ [field]: value }) as Record<string, unknown>)[field];
}

/** The fields of a change as they may be shown. */
export const maskedFields = (change: Change): Change['fields'] =>
  change.fields.map(({ field, before, after }) => ({
    field,
    before: maskedValue(change, field, before),
    after: maskedValue(change, field, after),
  }));
