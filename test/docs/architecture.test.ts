/** What docs/architecture.md says about files, folders and walks is true. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const page = readFileSync(join(root, 'docs/architecture.md'), 'utf8');

/** The paths that the page names in backquotes, up to a part that the reader fills in, such as `<noun>`. */
const paths = [...page.matchAll(/`((?:src|jobs|bots|test|\.oxlintrc)[^`\s<>]*)`/g)].map(
  ([, path]) => path!,
);

const floors = page.slice(page.indexOf('## Floors'), page.indexOf('## How a run goes'));

/** The walks of the page: the title, the count in the title, and the numbered lines below it. */
const walks = [...page.matchAll(/^### (.+): (\d+) files\n([\s\S]*?)(?=^#|(?![\s\S]))/gm)].map(
  ([, title, count, text]) => ({
    title: title!,
    count: Number(count),
    steps: [...text!.matchAll(/^(\d+)\. `([^`]+)`: \S/gm)].map(([, at, file]) => ({
      at: Number(at),
      file: file!,
    })),
  }),
);

test('each file and folder that the page names exists', () => {
  expect(paths.length).toBeGreaterThan(80);
  expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});

test('each folder of src stands on a floor', () => {
  const named = new Set(
    [...floors.matchAll(/^\|[^|]*\| `(src\/[a-z-]+)` \|/gm)].map(([, at]) => at!),
  );
  const folders = readdirSync(join(root, 'src'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => `src/${name}`);
  expect(folders.filter((folder) => !named.has(folder))).toEqual([]);
});

test('each walk has as many files as its title says, numbered in order, each once', () => {
  expect(walks.map(({ title }) => title)).toHaveLength(3);
  for (const { title, count, steps } of walks) {
    expect(steps.length, title).toBe(count);
    expect(steps.map(({ at }) => at)).toEqual(steps.map((_, index) => index + 1));
    expect(new Set(steps.map(({ file }) => file)).size, title).toBe(count);
  }
});
