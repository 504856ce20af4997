/** The words at the head of figures of knowledge, which commands show without a sentence, are in docs/glossary.md. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { figureColumns } from '../../src/cli/knowledge/figures.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const words = readFileSync(join(root, 'docs/glossary.md'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .flatMap((line) => line.split('|')[1]!.split(','))
  .map((word) => word.trim());

const heads = figureColumns(() => {
  throw new Error('no row is read');
}, new Date()).map(({ head }) => head.toLowerCase());

/** A count of outcomes of this name, or the time of the newest one: the outcome's own row explains it. */
const outcomeOf: Record<string, string> = { 'last relapse': 'relapsed' };

test.each([...heads, 'worst stretch'])('%s', (head) => {
  expect(words).toContain(outcomeOf[head] ?? head);
});
