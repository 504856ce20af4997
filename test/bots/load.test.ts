/** What each process loads that reads the catalogue: commands, and every child of a worker. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const catalogue = new URL('../../bots/index.ts', import.meta.url).href;

const watching = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module';
  const loaded = [];
  registerHooks({ load(url, context, next) { loaded.push(url); return next(url, context); } });
  process.on('exit', () => process.stdout.write(JSON.stringify(loaded)));`)}`;

test('a package that only one check needs is loaded by that check, and not with the catalogue', () => {
  const out = execFileSync(
    process.execPath,
    ['--import', watching, '--input-type=module', '-e', `await import('${catalogue}')`],
    { encoding: 'utf8', cwd: fileURLToPath(new URL('../../', import.meta.url)) },
  );
  const loaded = JSON.parse(out) as string[];
  expect(loaded).toContain(catalogue);
  const packages = loaded.flatMap(
    (url) => /\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? [],
  );
  expect(packages).toContain('zod');
  expect(packages.filter((name) => ['feedsmith', 'stripe'].includes(name))).toEqual([]);
});
