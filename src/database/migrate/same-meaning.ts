/** Brings definitions that mean the same, but are printed in different ways, into one form. */

import { flattenConditions } from './flatten-conditions.ts';

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

/**
 * The same for an index, a policy, a trigger or a column, whose expressions a restored dump prints with other casts and brackets:
 * casts to text, and brackets that do not change what AND and OR hold together, are left out.
 */
export function meaningOfExpression(definition: string): string {
  const texts: string[] = [];
  // A literal is one word meanwhile, whatever it contains.
  const words = meaning(definition).replaceAll(new RegExp(literal, 'g'), (text) => {
    texts.push(text);
    return `\uE000${texts.length - 1}\uE000`;
  });
  let text = words.replaceAll(/::(?:text|character varying)(?:\(\d+\))?(?:\[\])?/g, '');
  for (let before = ''; before !== text;) {
    before = text;
    text = text.replaceAll(bracketed, '$1$2');
  }
  return flattenConditions(text).replaceAll(
    /\uE000(\d+)\uE000/g,
    (_, at: string) => texts[Number(at)]!,
  );
}

/** Brackets that follow no name (those of a function) and hold one word or one list. */
const bracketed = /(^|[\s([,=<>])\((\uE000\d+\uE000|[a-z_][\w.]*|ARRAY\[[^[\]()]*\])\)/g;

const literal = /('(?:[^']|'')*')/;

const outsideOfLiterals = (text: string, change: (part: string) => string): string =>
  text
    .split(literal)
    .map((part, index) => (index % 2 === 1 ? part : change(part)))
    .join('');

const literals = (text: string): string[] => text.match(new RegExp(literal, 'g')) ?? [text];
