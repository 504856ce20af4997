/** Brings definitions that mean the same, but are printed in different ways, into one form. */

/** The document's five policies test the caller; `TO authenticated` adds nothing to that. */
const callersOnly = /^(.* )authenticated( .*auth\.uid\(\).*)$/;

/** A definition without the differences that do not change its meaning. Use it only to compare two definitions. */
export const meaning = (definition: string): string =>
  definition
    // Both functions make random ids, so the platform may use either.
    .replaceAll(/\bgen_random_uuid\(\)/g, 'uuid_generate_v4()')
    .replaceAll(/\bCURRENT_TIMESTAMP\b/g, 'now()')
    .replaceAll(/\(\s*SELECT\s+auth\.uid\(\)(?:\s+AS\s+\w+)?\s*\)/gi, 'auth.uid()')
    .replace(callersOnly, '$1public$2');

/**
 * The same for a CHECK. After a dump and a restore, PostgreSQL prints a CHECK with other casts than before; and the order
 * of the words in a list has no meaning.
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
    .map((part, index) => (index % 2 === 1 ? part : change(part)))
    .join('');

const literals = (text: string): string[] => text.match(new RegExp(literal, 'g')) ?? [text];
