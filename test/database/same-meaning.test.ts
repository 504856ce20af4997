import { expect, test } from 'vitest';
import { meaningOfExpression } from '../../src/database/migrate/same-meaning.ts';

test.each([
  [
    "WHERE ((status)::text = ANY ((ARRAY['queued'::character varying, 'running'::character varying])::text[]))",
    "WHERE ((status)::text = ANY (ARRAY[('queued'::character varying)::text, ('running'::character varying)::text]))",
  ],
  ['WHEN ((((a < 1) OR (b < 2)) OR (c < 3)))', 'WHEN (((a < 1) OR (b < 2) OR (c < 3)))'],
  ['USING ((a AND (b AND f(c))))', 'USING ((a AND b AND f(c)))'],
])('%s means %s', (one, other) => {
  expect(meaningOfExpression(one)).toBe(meaningOfExpression(other));
});

test.each([
  ['USING (((a OR b) AND c))', 'USING ((a OR (b AND c)))'],
  ['USING (((a AND b) OR c))', 'USING ((a AND (b OR c)))'],
  ['USING ((NOT (a OR b) OR c))', 'USING ((NOT a OR b OR c))'],
  ["USING ((a = '((x) OR y)'::text))", "USING ((a = '(x OR y)'::text))"],
  ["USING ((a = 'x::text'))", "USING ((a = 'x'))"],
  ['USING ((f(a) OR b))', 'USING ((g(a) OR b))'],
  ['USING (((a)::int = 1))', 'USING ((a = 1))'],
])('%s does not mean %s', (one, other) => {
  expect(meaningOfExpression(one)).not.toBe(meaningOfExpression(other));
});

test('brackets that do not fit together stay', () => {
  expect(meaningOfExpression('a) OR (b')).toBe('a) OR (b');
});
