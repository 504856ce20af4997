/** `npm run mutants` takes minutes; that its lists fit the code is known at once. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { lists } from './lists.ts';
import { eachOf, placesOf } from './mutant.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const mutants = eachOf(lists);

test.each(mutants.map((mutant) => [mutant.name, mutant] as const))('%s', (_, mutant) => {
  expect(placesOf(root, mutant), 'its text stands once in its file').toBe(1);
  expect(mutant.replacement).not.toBe(mutant.text);
  expect(existsSync(join(root, mutant.test)), mutant.test).toBe(true);
});

test('each has a name of its own', () => {
  expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
});
