/** Which keys a document may have at a place, by its JSON Schema. */
import type { JsonSchema } from '../../../playbook/schema-words.ts';

/** The keys of the map at this path; none where the schema takes any, or there is no map. */
export function keysAt(schema: JsonSchema, path: readonly PropertyKey[]): string[] {
  let forms: JsonSchema[] = [schema];
  for (const part of path) forms = forms.flatMap(formsOf).flatMap((form) => below(form, part));
  return [...new Set(forms.flatMap(formsOf).flatMap((form) => Object.keys(form.properties ?? {})))];
}

/** A schema, or the alternatives that it consists of. */
const formsOf = (schema: JsonSchema): JsonSchema[] => {
  const parts = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])];
  return parts.length > 0 ? parts.flatMap(formsOf) : [schema];
};

function below(
  { items, properties, additionalProperties: other }: JsonSchema,
  part: PropertyKey,
): JsonSchema[] {
  if (typeof part === 'number') return items ? [items] : [];
  const named = properties && Object.hasOwn(properties, part) ? properties[String(part)] : null;
  if (named) return [named];
  return typeof other === 'object' ? [other] : [];
}
