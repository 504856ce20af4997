/** Reads lines that consist of fields with names: JSON objects and logfmt. */

export type Fields = Record<string, unknown>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The JSON object in a line; null for any other line. */
export function jsonOf(line: string): Fields | null {
  if (!/^\s*\{/.test(line)) return null;
  try {
    const value: unknown = JSON.parse(line);
    return isFields(value) ? value : null;
  } catch {
    return null;
  }
}

/** Names of fields that are separated by blanks. */
export const namesIn = (text: string): string[] => text.trim().split(/\s+/);

/** The value of a field: `a.b` is the field of that name, else `b` inside of `a`. */
export function field(fields: Fields, name: string): unknown {
  if (Object.hasOwn(fields, name)) return fields[name];
  const dot = name.indexOf('.');
  if (dot === -1) return undefined;
  const [first, rest] = [name.slice(0, dot), name.slice(dot + 1)];
  const inner = Object.hasOwn(fields, first) ? fields[first] : undefined;
  return isFields(inner) ? field(inner, rest) : undefined;
}

/** The value of the first of these fields that is not missing or empty. */
export function firstField(fields: Fields, names: readonly string[]): unknown {
  for (const name of names) {
    const value = field(fields, name);
    if (value !== undefined && value !== null && value !== '') return value;
  }
  return undefined;
}

/** A text or a number as text; undefined for any other value. */
export const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined;

const pair = /\s*([^\s="]+)(?:=(?:"((?:[^"\\]|\\.)*)"|([^\s"]*)))?/y;

/** The fields of a line such as `time=... level=error msg="a text"`; null if its first word is not a pair. */
export function logfmtOf(line: string): Fields | null {
  if (!/^\s*[\w@.-]+=/.test(line)) return null;
  const fields: Fields = Object.create(null) as Fields;
  pair.lastIndex = 0;
  for (let found; pair.lastIndex < line.length && (found = pair.exec(line));) {
    const [, name, quoted, bare] = found;
    fields[name!] ??=
      quoted?.replaceAll(/\\(.)/g, (_, escaped: string) => escapes[escaped] ?? escaped) ??
      bare ??
      '';
  }
  return fields;
}

const escapes: Record<string, string> = { n: '\n', t: '\t', r: '\r' };
