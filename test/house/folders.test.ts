/** The floors of the house: .oxlintrc.json keeps imports going downwards, and these what a linter of single files cannot see. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import long from '../support/long-tests.json' with { type: 'json' };

const root = fileURLToPath(new URL('../../', import.meta.url));

const files = ['src', 'jobs', 'bots'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name))),
);

/** A path that is imported by a statement, a function, or as the type of something. */
const imported = /(?:from|import)\s*\(?\s*'(\.[^']+)'/g;

/** Which folders import which, with the file that does. */
const arrows = new Map<string, string>();
// bots/index.ts puts the catalogue together, and src/index.ts what an application gets: they name what there is.
for (const file of files.filter((each) => !['bots/index.ts', 'src/index.ts'].includes(each)))
  for (const [, path] of readFileSync(join(root, file), 'utf8').matchAll(imported)) {
    const [from, to] = [dirname(file), dirname(normalize(join(dirname(file), path!)))];
    if (from !== to) arrows.set(`${from} -> ${to}`, file);
  }

test('no two folders import each other', () => {
  expect(arrows.size).toBeGreaterThan(50);
  const both = [...arrows].filter(([arrow]) =>
    arrows.has(arrow.split(' -> ').toReversed().join(' -> ')),
  );
  expect(both).toEqual([]);
});

test('the tests that are named as long are there', () => {
  const gone = (long as string[]).filter((file) => !existsSync(join(root, 'test', file)));
  expect(gone, 'node test/support/find-long-tests.ts writes the list anew').toEqual([]);
});

test('no folder holds more than 30 files', () => {
  const counts = Map.groupBy(files, (file) => dirname(file));
  expect([...counts].filter(([, { length }]) => length > 30).map(([folder]) => folder)).toEqual([]);
});

test('each folder of src stands on one floor of the linter', () => {
  const { overrides } = JSON.parse(readFileSync(join(root, '.oxlintrc.json'), 'utf8')) as {
    overrides: { files: string[] }[];
  };
  const floors = new Set(overrides.flatMap(({ files }) => files));
  const folders = readdirSync(join(root, 'src'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'bin')
    .map(({ name }) => `src/${name}/**`);
  expect(folders.filter((folder) => !floors.has(folder))).toEqual([]);
});

test('command line, listener, processes and jobs ask nothing of the database themselves: they call what is below', () => {
  const asks = /\.(selectFrom|insertInto|updateTable|deleteFrom|mergeInto)\(|\bsql(<|`)/;
  const askers = files.filter((file) => /^(src\/(cli|bin|web)|jobs)\//.test(file));
  expect(askers.length).toBeGreaterThan(70);
  expect(askers.filter((file) => asks.test(readFileSync(join(root, file), 'utf8')))).toEqual([]);
});

test('the command line imports services and the ground; only its session, which connects, imports more', () => {
  const known = /^src\/(cli|services|ground)\/|^src\/(config|log|odd-settings)\.ts$/;
  const commands = files.filter((file) => file.startsWith('src/cli/'));
  expect(commands.length).toBeGreaterThan(50);
  const beyond = commands.flatMap((file) =>
    [...readFileSync(join(root, file), 'utf8').matchAll(imported)]
      .map(([, path]) => normalize(join(dirname(file), path!)))
      .filter((path) => !known.test(path))
      .map((path) => `${dirname(file)} -> ${dirname(path)}`),
  );
  expect([...new Set(beyond)].toSorted()).toEqual([
    'src/cli/session -> bots',
    'src/cli/session -> jobs',
    'src/cli/session -> src/catalogue',
    'src/cli/session -> src/database',
    'src/cli/session -> src/database/embedded',
    'src/cli/session -> src/database/migrate',
    'src/cli/session -> src/project',
    'src/cli/session -> src/queue',
  ]);
});

test('what happens is told as an event; only the subscriber of the log writes lines', () => {
  const writes = /\b(log|logger)(\.(trace|debug|info|warn|error|fatal)\(|\[)/;
  const writers = files
    .filter((file) => file.startsWith('src/'))
    .filter((file) => writes.test(readFileSync(join(root, file), 'utf8')));
  expect(writers).toEqual(['src/events/log-events.ts']);
});
