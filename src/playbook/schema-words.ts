/** A parameter's JSON Schema in words, for a person who made a mistake in it. */

export interface JsonSchema {
  type?: string;
  enum?: unknown[];
  minimum?: number;
  maximum?: number;
  maxLength?: number;
  items?: JsonSchema;
  properties?: Record<string, JsonSchema>;
  default?: unknown;
  description?: string;
}

/** The most words of a list that are named. */
const mostNamed = 10;

const named = (words: string[]): string =>
  words.length > mostNamed
    ? `${words.slice(0, mostNamed).join(', ')} or one of ${words.length - mostNamed} more`
    : words.join(', ');

function kindOf({
  type,
  enum: words,
  minimum,
  maximum,
  maxLength,
  items,
  properties,
}: JsonSchema): string | null {
  if (words) return `one of ${named(words.map(String))}`;
  if (type === 'integer' || type === 'number') {
    const number = type === 'integer' ? 'a whole number' : 'a number';
    const least = minimum === undefined ? '' : ` from ${minimum}`;
    return `${number}${least}${maximum === undefined ? '' : ` to ${maximum}`}`;
  }
  if (type === 'string')
    return maxLength === undefined ? 'a text' : `a text of at most ${maxLength} characters`;
  if (type === 'boolean') return 'true or false';
  if (type === 'array') return items?.type ? `a list, each ${kindOf(items)}` : 'a list';
  if (properties) return `a map of ${named(Object.keys(properties))}`;
  return type === 'object' ? 'a map' : null;
}

/** `a whole number from 1 to 100 (10 unless given)`; null where the schema does not say what it is. */
export function inWords(schema: JsonSchema): string | null {
  const kind = kindOf(schema);
  if (kind === null) return null;
  const { default: otherwise, description } = schema;
  const notes = [
    ...(description === undefined ? [] : [description]),
    ...(otherwise === undefined ? [] : [`${JSON.stringify(otherwise)} unless given`]),
  ];
  return notes.length === 0 ? kind : `${kind} (${notes.join('; ')})`;
}
