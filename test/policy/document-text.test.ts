/** A document that is shown is one that can be edited and given back. */
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { documentText } from '../../src/policy/document-text.ts';

test('texts of any lines come back as they were', () => {
  const texts = [' \n', '\n \n', ' \n\t\n', '\t\nx', '  \n\n x \n', 'a\n \n', 'a\nb', 'no', '1:30'];
  const document = { second: texts, first: 1 };
  const text = documentText(document, ['first', 'second']);
  expect(parse(text)).toEqual(document);
  expect(text).toMatch(/^first/);
});
