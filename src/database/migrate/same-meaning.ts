/** Definitions that PostgreSQL prints in different ways and that mean the same. */

/** The document's five policies test the caller; `TO authenticated` adds nothing to that. */
const callersOnly = /^(.* )authenticated( .*auth\.uid\(\).*)$/;

/** A definition without what does not change its meaning; only to be compared with another one. */
export const meaning = (definition: string): string =>
  definition
    // What makes an id is not ours to choose, as long as it is random.
    .replaceAll(/\bgen_random_uuid\(\)/g, 'uuid_generate_v4()')
    .replaceAll(/\bCURRENT_TIMESTAMP\b/g, 'now()')
    .replaceAll(/\(\s*SELECT\s+auth\.uid\(\)(?:\s+AS\s+\w+)?\s*\)/gi, 'auth.uid()')
    .replace(callersOnly, '$1public$2');

/**
 * The same for a CHECK. PostgreSQL prints one that comes out of a dump with other casts than the one that went in; and
 * the order of words in a list says nothing.
 */
export const meaningOfCheck = (definition: string): string =>
  outsideOfLiterals(definition.replace(/ NOT VALID$/, ''), (text) =>
    text
      .replaceAll(/::(?:text|character varying)(?:\(\d+\))?(?:\[\])?/g, '')
      .replaceAll(/[()\s]/g, ''),
  ).replaceAll(
    /ARRAY\[([^\]]*)\]/g,
    (_, words: string) => `ARRAY[${literals(words).toSorted().join()}]`,
  );

const literal = /('(?:[^']|'')*')/;

const outsideOfLiterals = (text: string, change: (part: string) => string): string =>
  text
    .split(literal)
    .map((part, at) => (at % 2 === 1 ? part : change(part)))
    .join('');

const literals = (text: string): string[] => text.match(new RegExp(literal, 'g')) ?? [text];
