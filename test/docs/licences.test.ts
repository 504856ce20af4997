import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { allowed, allowedForDevelopment, dependencies } from './licences-page.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

test('each dependency has an allowed licence', () => {
  const all = dependencies();
  expect(all.length).toBeGreaterThan(100);
  const refused = all.filter(
    ({ licence, isForDevelopment }) =>
      !(isForDevelopment ? allowedForDevelopment : allowed).has(licence),
  );
  expect(refused).toEqual([]);
});

test('the lock file says what the manifests of what is installed say', () => {
  const installed = dependencies().flatMap(({ name, version, licence }) => {
    const file = join(root, 'node_modules', name, 'package.json');
    if (!existsSync(file)) return [];
    const manifest = JSON.parse(readFileSync(file, 'utf8')) as {
      version: string;
      license?: string;
    };
    // A second version of the same package lies deeper.
    return manifest.version === version ? [{ name, licence, said: manifest.license }] : [];
  });
  expect(installed.length).toBeGreaterThan(100);
  expect(installed.filter(({ licence, said }) => licence !== said)).toEqual([]);
});
