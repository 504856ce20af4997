/** Tarballs of the package, as `npm pack` makes them: of this checkout, of a commit, and a variant as a later release would be. */
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync } from 'node:fs';
import { readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../../', import.meta.url));
const run = promisify(execFile);

/** What the package is made of. */
const parts = `src bots jobs migrations templates package.json tsconfig.json tsconfig.build.json
  README.md LICENSE SECURITY.md THIRD-PARTY.md`.split(/\s+/);

// The Node of this test, wherever the shell's own PATH begins.
const PATH = [dirname(process.execPath), process.env.PATH].join(delimiter);

/** Packs what lies in `tree`, with the dependencies of this checkout, and returns the path of the tarball. */
async function packTree(tree: string): Promise<string> {
  symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'));
  const into = `${tree}-packed`;
  mkdirSync(into);
  const args = ['pack', '--offline', '--loglevel=error', `--pack-destination=${into}`];
  await run('npm', args, { cwd: tree, env: { PATH, HOME: tree, NO_COLOR: '1' } });
  rmSync(tree, { recursive: true });
  return join(
    into,
    readdirSync(into).find((name) => name.endsWith('.tgz'))!,
  );
}

const treeIn = (directory: string): string => mkdtempSync(join(directory, 'tree-'));

/** Packs this checkout, from a copy, so that nothing is built in it. */
export async function packCheckout(directory: string): Promise<string> {
  const tree = treeIn(directory);
  for (const name of parts) cpSync(join(root, name), join(tree, name), { recursive: true });
  return packTree(tree);
}

/** Packs a commit of this checkout. */
export async function packCommit(directory: string, commit: string): Promise<string> {
  const tree = treeIn(directory);
  const archive = `${tree}.tar`;
  await run('git', ['archive', `--output=${archive}`, commit], { cwd: root });
  await run('tar', ['xf', archive, '-C', tree]);
  rmSync(archive);
  return packTree(tree);
}

/** Whether a commit would be packed to the same as this checkout. */
export async function isAsPacked(commit: string): Promise<boolean> {
  const there = parts.filter((name) => existsSync(join(root, name)));
  const args = ['diff', '--quiet', commit, '--', ...there];
  return run('git', args, { cwd: root }).then(
    () => true,
    () => false,
  );
}

/** The same package under another version, with one migration more. */
export async function asLaterRelease(
  tarball: string,
  { version, migration, sql }: { version: string; migration: string; sql: string },
): Promise<string> {
  const directory = mkdtempSync(join(dirname(tarball), 'later-'));
  await run('tar', ['xzf', tarball, '-C', directory]);
  for (const path of ['package/package.json', 'package/dist/package.json']) {
    const manifest = JSON.parse(readFileSync(join(directory, path), 'utf8')) as object;
    writeFileSync(join(directory, path), JSON.stringify({ ...manifest, version }, null, 2));
  }
  writeFileSync(join(directory, 'package/dist/migrations', `${migration}.sql`), sql);
  const later = join(directory, `roundsman-${version}.tgz`);
  await run('tar', ['czf', later, '-C', directory, 'package']);
  return later;
}
