/**
 * Takes out of dist/, before the package is packed, what no process of it loads: the modules behind commands, which start from the bundle
 * of bundle.js, and the types to which no entry point leads. It cuts a quarter of the package.
 *
 * Plain JavaScript, as bundle.js beside it.
 */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const dist = fileURLToPath(new URL('../../dist/', import.meta.url));
const { exports, name, version, description, type } = JSON.parse(
  readFileSync(join(dist, 'package.json'), 'utf8'),
);
const entryPoints = Object.values(exports).filter((each) => each.types !== undefined);

/** What is started as a process or a thread, and what is loaded by its path; roundsman.js loads `cli` for the engine's own commands. */
const started = [
  'src/bin/cli.js',
  'src/bin/child.js',
  'src/bin/compile-cache.js',
  'src/bin/leave-embedded.js',
  'src/database/embedded/guard.js',
  'src/children/guard.js',
  'src/project/loading-guard.js',
  'src/backup/dump/pg-dump-process.js',
  'src/project/code.js',
];

const inTree = (path) => relative(dist, path).split(sep).join('/');

const fixed = /(?:\bfrom|\bimport)\s*['"](\.[^'"]+)['"]/g;
const onDemand = /(?:\bimport|\bmoduleBeside)\(\s*['"](\.[^'"]+)['"]/g;

/** The paths that a file names, and that are there. */
function named(file, patterns, extension) {
  const text = readFileSync(file, 'utf8');
  return patterns.flatMap((pattern) =>
    [...text.matchAll(pattern)]
      .map(([, path]) => join(dirname(file), path).replace(/(\.d)?\.[jt]s$/, ''))
      .map((path) => (path.endsWith('.json') ? path : `${path}${extension}`))
      .filter((path) => existsSync(path)),
  );
}

/** The files to which `from` lead, themselves among them. */
function reached(from, next) {
  const seen = new Set();
  const open = [...from];
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    if (!file.endsWith('.json')) open.push(...next(file));
  }
  return seen;
}

/** The definitions of commands: what they import on demand is loaded by the bundle alone. */
const definitions = new Set(
  [...reached([join(dist, 'src/cli/program.js')], (file) => named(file, [fixed], '.js'))].filter(
    (file) => /^src\/cli\/(?!arguments|terminal|listing|session)[^/]+\//.test(inTree(file)),
  ),
);

const roots = [...entryPoints.map((each) => each.default.replace('./dist/', '')), ...started];
const kept = new Set([
  ...reached(
    roots.map((path) => join(dist, path)).filter((path) => existsSync(path)),
    (file) => named(file, definitions.has(file) ? [fixed] : [fixed, onDemand], '.js'),
  ),
  ...reached(
    entryPoints.map((each) => join(dist, each.types.replace('./dist/', ''))),
    (file) => named(file, [fixed, onDemand], '.d.ts'),
  ),
]);

for (const folder of ['src', 'bots', 'jobs'])
  for (const entry of readdirSync(join(dist, folder), { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && !kept.has(path)) rmSync(path);
  }

// The one in dist/ says what the program reads of itself; entry points stand in that of the package alone.
const own = { name, version, description, type };
writeFileSync(join(dist, 'package.json'), `${JSON.stringify(own, null, 2)}\n`);
