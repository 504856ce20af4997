/**
 * Lets code of a clone import the package's entry points by their names (`roundsman/bot`), as code of other projects does:
 * package.json says that they are in dist/, where `npm pack` puts what is compiled, and this file puts modules there that lead to
 * the sources. npm runs it after an install in a clone.
 *
 * Plain JavaScript, because an older Node may run the install.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = new URL('../../', import.meta.url);

/** Writes the modules into the dist/ of a clone, unless it holds what is compiled: `npm pack` runs `prepare`, too. */
export function writeSelfReference(clone = root) {
  if (existsSync(new URL('dist/package.json', clone))) return;
  const { exports } = JSON.parse(readFileSync(new URL('package.json', clone), 'utf8'));
  for (const { default: module, types } of Object.values(exports)) {
    if (module === undefined) continue;
    const text = `export * from '../../src/${basename(module, '.js')}.ts';\n`;
    for (const path of [module, types]) {
      const file = new URL(path, clone);
      mkdirSync(new URL('.', file), { recursive: true });
      writeFileSync(file, text);
    }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeSelfReference();
