/**
 * Lets code of a clone import the package's entry points by their names (`roundsman/bot`), as code of other projects does:
 * package.json says that they are in dist/, where `npm pack` puts what is compiled, and this file puts modules there that lead to
 * the sources. npm runs it after an install in a clone.
 *
 * Plain JavaScript, because an older Node may run the install.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';

const root = new URL('../../', import.meta.url);

// `npm pack` runs `prepare`, too: what is compiled stays.
if (!existsSync(new URL('dist/package.json', root))) {
  const { exports } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));
  for (const { default: module, types } of Object.values(exports)) {
    if (module === undefined) continue;
    const text = `export * from '../../src/${basename(module, '.js')}.ts';\n`;
    for (const path of [module, types]) {
      const file = new URL(path, root);
      mkdirSync(new URL('.', file), { recursive: true });
      writeFileSync(file, text);
    }
  }
}
