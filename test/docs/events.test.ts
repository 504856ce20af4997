import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { kinds } from '../../src/events/kinds.ts';

test('docs/events.md names every event with its level, and no other one', () => {
  const page = readFileSync(new URL('../../docs/events.md', import.meta.url), 'utf8');
  const rows = [...page.matchAll(/^\| `([a-z_.]+)` \| (\w+) \| .+ \|$/gm)].map(
    ([, name, level]) => [name, level],
  );
  expect(rows).toEqual(Object.entries(kinds).map(([name, { level }]) => [name, level]));
});
