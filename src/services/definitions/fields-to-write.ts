import { isDeepStrictEqual } from 'node:util';
import { literalCredentials } from '../../ground/secrets/literal-credentials.ts';
import type { Kind, Present, Values } from './kinds/kind.ts';

/** What a definition says in a file: fields that the file names already, and those that are not as usual. */
export function fieldsToWrite(
  kind: Kind,
  { name, values }: Present,
  inFile: Values | null,
  left: string[],
): Values {
  const usual = kind.defaults(name);
  const names = kind.fields.filter((field) => {
    if (inFile && field in inFile) return true;
    if (kind.unasked?.includes(field) || values[field] === undefined) return false;
    return !isDeepStrictEqual(values[field], usual[field] ?? null) && !kind.isIdle?.(field, values);
  });
  const written: Record<string, unknown> = {};
  for (const field of names) {
    const found = kind.isOpen?.(name, field) ? [] : literalCredentials({ [field]: values[field] });
    if (found.length === 0) written[field] = values[field] ?? null;
    else if (kind.form === 'document') {
      written[field] = withoutPlaces(
        values[field],
        found.map(({ path }) => path.slice(1)),
      );
      left.push(...found.map(({ path }) => `${kind.kind}: ${path.join('.')}`));
    } else left.push(`${kind.kind} ${name}: ${field}`);
  }
  return written;
}

/** A copy without the values at these paths. */
function withoutPlaces(value: unknown, paths: readonly (readonly (string | number)[])[]): unknown {
  const copy = structuredClone(value);
  for (const path of paths) {
    let at = copy as Record<string | number, unknown>;
    for (const part of path.slice(0, -1)) at = at[part] as typeof at;
    delete at[path.at(-1)!];
  }
  return copy;
}
