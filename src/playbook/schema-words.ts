/** A JSON Schema in words, for a person who gives a parameter or a setting. */

export interface JsonSchema {
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  minimum?: number;
  exclusiveMinimum?: number;
  maximum?: number;
  exclusiveMaximum?: number;
  multipleOf?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  format?: string;
  pattern?: string;
  items?: JsonSchema;
  properties?: Record<string, JsonSchema>;
  additionalProperties?: JsonSchema | boolean;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  allOf?: JsonSchema[];
  required?: string[];
  default?: unknown;
  description?: string;
}

/** How many words of a list are named. */
const maxNamed = 10;

const namesInWords = (words: string[]): string =>
  words.length > maxNamed
    ? `${words.slice(0, maxNamed).join(', ')} or one of ${words.length - maxNamed} more`
    : words.join(', ');

/** ` from 1 to 5`, ` above 0`, ` up to 5`. The bounds that every whole number has are not named. */
function rangeInWords({
  minimum,
  exclusiveMinimum,
  maximum,
  exclusiveMaximum,
}: JsonSchema): string {
  const bound = (value: number | undefined) =>
    value !== undefined && Math.abs(value) >= Number.MAX_SAFE_INTEGER ? undefined : value;
  const [from, above, to, below] = [minimum, exclusiveMinimum, maximum, exclusiveMaximum].map(
    bound,
  );
  const least = from !== undefined ? ` from ${from}` : above !== undefined ? ` above ${above}` : '';
  const word = from === undefined ? 'up to' : 'to';
  const most =
    to !== undefined ? ` ${word} ${to}` : below !== undefined ? ` and below ${below}` : '';
  return least || below === undefined ? `${least}${most}` : ` below ${below}`;
}

/** ` of 1 to 5 characters`, ` of at most 5 characters`. */
function sizeInWords(least: number | undefined, most: number | undefined, noun: string): string {
  const nouns = `${noun}${(most ?? least) === 1 ? '' : 's'}`;
  if (least && most !== undefined) return ` of ${least} to ${most} ${nouns}`;
  if (most !== undefined) return ` of at most ${most} ${nouns}`;
  return least ? ` of at least ${least} ${nouns}` : '';
}

/** What a value may be: `a whole number from 1 to 100`; null where the schema does not say. */
export function kindOf(schema: JsonSchema): string | null {
  const { type, enum: words, items, properties, additionalProperties: values } = schema;
  if ('const' in schema) return String(JSON.stringify(schema.const));
  if (words) return `one of ${namesInWords(words.map(String))}`;
  const kinds =
    schema.anyOf ??
    schema.oneOf ??
    (Array.isArray(type) ? type.map((each) => ({ type: each })) : null);
  if (kinds) {
    const said = kinds.map(kindOf);
    return said.includes(null) ? null : [...new Set(said)].join(' or ');
  }
  if (type === 'integer' || type === 'number') {
    const step = schema.multipleOf === undefined ? '' : `, in steps of ${schema.multipleOf}`;
    return `${type === 'integer' ? 'a whole number' : 'a number'}${rangeInWords(schema)}${step}`;
  }
  if (type === 'string') {
    const form = schema.format ?? (schema.pattern && `like ${schema.pattern}`);
    return `a text${sizeInWords(schema.minLength, schema.maxLength, 'character')}${form ? ` (${form})` : ''}`;
  }
  if (type === 'boolean') return 'true or false';
  if (type === 'null') return 'null';
  if (type === 'array') {
    const each = items && kindOf(items);
    return `a list${sizeInWords(schema.minItems, schema.maxItems, 'entry').replace('entrys', 'entries')}${each ? `, each ${each}` : ''}`;
  }
  if (properties && Object.keys(properties).length > 0)
    return `a map of ${namesInWords(Object.keys(properties))}`;
  const each = typeof values === 'object' && kindOf(values);
  return type === 'object' ? `a map${each ? `, each ${each}` : ''}` : null;
}

/** `a whole number from 1 to 100 (10 unless given)`; null where the schema does not say what it is. */
export function schemaInWords(schema: JsonSchema): string | null {
  const kind = kindOf(schema);
  if (kind === null) return null;
  const { default: otherwise, description } = schema;
  const notes = [
    ...(description === undefined ? [] : [description]),
    ...(otherwise === undefined ? [] : [`${JSON.stringify(otherwise)} unless given`]),
  ];
  return notes.length === 0 ? kind : `${kind} (${notes.join('; ')})`;
}
