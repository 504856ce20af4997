/**
 * Puts the command line into a few files, which start in less than half of the time: most of a start is
 * to find, read and link modules, of which kysely alone has 258. npm runs it after an install in a clone, and before the
 * package is packed (`--package`): into .commands/, or dist/commands/. roundsman.js uses these files; in a clone only as long
 * as the sources have not changed since. Without them every command runs from its sources, and starts more slowly. The
 * engine's own commands always run from the sources.
 *
 * Plain JavaScript, because an older Node may run the install. What each module says of its own place (import.meta.url)
 * stays as it is without a bundle.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const isForPackage = process.argv.includes('--package');
const place = join(root, isForPackage ? 'dist/commands' : '.commands');

/** What commands that read rows load. Other packages are found where npm has put them, and so are native addons. */
const packages = ['commander', 'cron-parser', 'kysely', 'luxon', 'yaml', 'zod'];

/** These modules start the engine; roundsman.js never runs them from the bundle. */
const ofEngine = /^src\/bin\/(up|serve|round|demo|web)\.ts$/;

const inTree = (path) => relative(root, path).split(sep).join('/');

/** A module of ours as the bundle sees it: its source in a clone, what is compiled from it in the package. */
const fromBundle = (path) =>
  `../${isForPackage ? inTree(path).replace(/\.ts$/, '.js') : inTree(path)}`;

/**
 * In the package the bots stay outside, too: they are in it for the children of a worker, and a second time they would be a tenth of
 * what people download.
 */
const isOutside = (importer, imported) =>
  ofEngine.test(inTree(importer)) || (isForPackage && inTree(imported) === 'bots/index.ts');

const isOurs = (path) => /^(src|bots|jobs)\/.*\.ts$/.test(inTree(path));

const asWithoutBundle = {
  name: 'as-without-bundle',
  resolveId(source, importer, { kind }) {
    if (!importer) return null;
    if (kind === 'dynamic-import' && isOutside(importer, join(dirname(importer), source)))
      return { id: fromBundle(join(dirname(importer), source)), external: 'absolute' };
    const [, name] = /^((?:@[^/]+\/)?[^./][^/]*)/.exec(source) ?? [];
    return name && !source.startsWith('node:') && !packages.includes(name)
      ? { id: source, external: true }
      : null;
  },
  transform: (code, id) =>
    isOurs(id) && code.includes('import.meta.url')
      ? {
          code: code.replaceAll(
            'import.meta.url',
            `new URL(${JSON.stringify(fromBundle(id))}, import.meta.url).href`,
          ),
          map: null,
        }
      : null,
};

/** The path, the time of change in ms and the bytes of each file that was read, one after the other: roundsman.js compares them. */
function filesOf(chunks) {
  const read = new Set(chunks.flatMap(({ moduleIds }) => moduleIds).filter(isOurs));
  const manifests = packages.map((name) => join(root, 'node_modules', name, 'package.json'));
  return [...read, ...manifests.filter((path) => existsSync(path))].flatMap((path) => {
    const { mtimeMs, size } = statSync(path);
    return [inTree(path), mtimeMs, size];
  });
}

/** The texts of the packages' licences, which have to go where their code goes. */
const licences = () =>
  packages
    .map((name) => {
      const file = join(root, 'node_modules', name, 'LICENSE');
      const text = [file, `${file}.md`].find((each) => existsSync(each));
      return `${name}\n\n${text ? readFileSync(text, 'utf8').trim() : 'see its package.json'}\n`;
    })
    .join(`\n${'-'.repeat(80)}\n\n`);

/** A module that at least so many of the files loaded on demand need is in one file with its like: 25 to 70 took the same CPU. */
const neededByMany = 40;

/** Writes a module of src/bin with all that it imports into a directory, and returns what was written. */
async function write(name, dir) {
  const { rolldown } = await import('rolldown');
  const built = await rolldown({
    cwd: root,
    input: { [name]: `src/bin/${name}.ts` },
    platform: 'node',
    plugins: [asWithoutBundle],
    logLevel: 'warn',
  });
  try {
    const { output } = await built.write({
      dir,
      format: 'esm',
      entryFileNames: '[name].js',
      chunkFileNames: '[name]-[hash].js',
      // To find, read and link a file takes longer than to compile what a command does not need of it. What either group takes
      // imports nothing outside of the two, so that files do not import each other in a circle.
      codeSplitting: {
        groups: [
          { name: 'start', tags: ['$initial'], priority: 2 },
          { name: 'reading', minShareCount: neededByMany, priority: 1 },
        ],
      },
      // Names stay what they are, for the stack of an error.
      // Of the package, which is downloaded, only functions and classes keep theirs, and no map comes with it.
      minify: {
        compress: false,
        mangle: isForPackage && { keepNames: true },
        codegen: { removeWhitespace: true },
      },
      // The stack of an error names the sources; it needs their lines, and not their text.
      sourcemap: !isForPackage,
      sourcemapExcludeSources: true,
    });
    return output.filter(({ type }) => type === 'chunk');
  } finally {
    await built.close();
  }
}

async function bundle() {
  const fresh = `${place}-${process.pid}`;
  mkdirSync(dirname(place), { recursive: true });
  try {
    // Apart from the rest, because only what is loaded after it is kept compiled.
    const chunks = [...(await write('compile-cache', fresh)), ...(await write('cli', fresh))];
    writeFileSync(join(fresh, 'licences.txt'), licences());
    if (!isForPackage) writeFileSync(join(fresh, 'of.json'), JSON.stringify(filesOf(chunks)));
    rmSync(place, { recursive: true, force: true });
    renameSync(fresh, place);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

// `npm pack` runs `prepare` as well, after the bundle of the package was made.
const isPacking = ['pack', 'publish'].includes(process.env.npm_command);

try {
  if (isForPackage || !isPacking) await bundle();
} catch (error) {
  if (isForPackage) throw error;
  // Without the packages for development, or on a full disk: commands run from the sources.
  console.error(`commands start from their sources: ${String(error.message).split('\n')[0]}`);
}
