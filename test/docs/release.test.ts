/** What names the version of a release names the same one: the release workflow publishes what this test has compared. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import lock from '../../package-lock.json' with { type: 'json' };
import manifest from '../../package.json' with { type: 'json' };

const { version } = manifest;
const headings = [
  ...readFileSync(new URL('../../CHANGELOG.md', import.meta.url), 'utf8').matchAll(/^## (.+)$/gm),
].map(([, heading]) => heading!);

test('the changelog has what is not released first, and then this version with its day', () => {
  const [first, newest] = headings;
  expect(first).toBe('Unreleased');
  expect(newest).toMatch(/^\d+\.\d+\.\d+ - \d{4}-\d{2}-\d{2}$/);
  expect(newest!.split(' ')[0]).toBe(version);
});

test('releases go from the newest to the oldest, each once', () => {
  const released = headings.slice(1).map((heading) => heading.split(' ')[0]!);
  const number = (text: string) =>
    text.split('.').reduce((sum, part) => sum * 10_000 + Number(part), 0);
  expect(new Set(released).size).toBe(released.length);
  expect(released).toEqual(released.toSorted((a, b) => number(b) - number(a)));
});

test('the lock file has this version', () => {
  expect([lock.version, lock.packages[''].version]).toEqual([version, version]);
});
