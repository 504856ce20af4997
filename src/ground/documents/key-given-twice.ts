import { parseDocument } from 'yaml';

/**
 * The key that a JSON text gives twice, in words: `the key "days"`; null if there is none. JSON.parse ignores the first of them
 * without an error, so the parser of YAML looks for it: each JSON document is a YAML document.
 */
export function keyGivenTwice(json: string): string | null {
  const { errors } = parseDocument(json, { uniqueKeys: true, prettyErrors: false });
  const found = errors.find(({ code }) => code === 'DUPLICATE_KEY');
  return found
    ? `the key ${/^"(?:[^"\\]|\\.)*"/.exec(json.slice(found.pos[0]))?.[0] ?? 'of a setting'}`
    : null;
}
