/**
 * From the tarball to a bot that runs, as a new admin goes: `npm exec roundsman init` in an empty directory, `npm install`,
 * `npm test`, `npm start`, `npx roundsman bots list`; as the user of the tests and, where that is root, as an ordinary one.
 *
 * npm takes what it has in its cache, and asks the registry that it is set to for the rest. The ordinary user has no network at all.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const directory = fs.mkdtempSync(join(tmpdir(), 'roundsman-journey-'));
fs.chmodSync(directory, 0o755);
afterAll(() => fs.rmSync(directory, { recursive: true, force: true }));

const PATH = [dirname(process.execPath), process.env.PATH].join(delimiter);
const cache = join(directory, 'cache');
const tarball = () =>
  join(
    directory,
    fs.readdirSync(directory).find((it) => it.endsWith('.tgz'))!,
  );

interface Who {
  uid?: number;
  gid?: number;
}

const nobody: Who = { uid: 65_534, gid: 65_534 };
const isRoot = process.geteuid?.() === 0;

/** A home of this user, with a cache of npm of its own. */
function homeOf(name: string, { uid, gid }: Who): string {
  const home = join(directory, name);
  fs.mkdirSync(home);
  if (uid !== undefined) fs.chownSync(home, uid, gid!);
  return home;
}

/** npm's own settings, such as its registry and a proxy, are those of who runs the tests; a user without a network needs none. */
const settings = (home: string, isOffline: boolean): NodeJS.ProcessEnv => ({
  ...(isOffline ? { npm_config_offline: 'true' } : withoutOwn(process.env)),
  PATH,
  HOME: isOffline ? home : process.env.HOME,
  NO_COLOR: '1',
  REDIS_URL: '',
  npm_config_cache: cache,
  npm_config_update_notifier: 'false',
});

const withoutOwn = (environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries(environment).filter(
      ([name]) => !/^(DATABASE_URL|TEST_.*|ROUNDSMAN_.*|PG.*|VITEST.*|NODE_ENV)$/.test(name),
    ),
  );

beforeAll(async () => {
  const copy = join(directory, 'copy');
  fs.mkdirSync(copy);
  const pages = ['README.md', 'LICENSE', 'SECURITY.md', 'THIRD-PARTY.md', 'tsconfig.build.json'];
  const parts = ['src', 'bots', 'jobs', 'migrations', 'templates', 'package.json', 'tsconfig.json'];
  for (const name of [...parts, ...pages])
    fs.cpSync(join(root, name), join(copy, name), { recursive: true });
  fs.symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  await promisify(execFile)(
    'npm',
    ['pack', '--offline', '--loglevel=error', '--pack-destination=..'],
    { cwd: copy, env: settings(directory, true) },
  );
}, 600_000);

async function journey(name: string, who: Who, isOffline: boolean): Promise<void> {
  const home = homeOf(name, who);
  const npm = (args: string[], cwd = home) =>
    promisify(execFile)('npm', args, {
      cwd,
      ...who,
      env: settings(home, isOffline),
      maxBuffer: 64 * 1024 * 1024,
    });
  const made = await npm([
    'exec',
    '--yes',
    `--package=${tarball()}`,
    '--',
    'roundsman',
    'init',
    'own',
    `--from=${tarball()}`,
  ]);
  expect(made.stdout).toContain('cd own\n  npm install\n  npm start');
  const own = join(home, 'own');
  await npm(['install', '--prefer-offline', '--no-audit', '--no-fund'], own);
  await npm(['run', 'check'], own);
  expect((await npm(['test'], own)).stdout).toMatch(/pass 2\n[^]*fail 0\n/);

  const started = spawn('npm', ['start'], { cwd: own, ...who, env: settings(home, isOffline) });
  onTestFinished(() => void started.kill('SIGTERM'));
  const ended = once(started, 'close');
  let said = '';
  started.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  await expect.poll(() => said, { timeout: 120_000 }).toMatch(/hello +success/);
  const listed = await npm(['exec', '--', 'roundsman', 'bots', 'list', '--json'], own);
  const bots = JSON.parse(listed.stdout) as { name: string; status: string }[];
  expect(bots.find((bot) => bot.name === 'hello')).toMatchObject({ status: 'active' });
  started.kill('SIGTERM');
  await ended;
}

test('an admin goes from the tarball to a bot that runs', async () => {
  await journey('first', {}, false);
}, 900_000);

test.runIf(isRoot)(
  'so does an ordinary user, without a network',
  async () => {
    fs.chownSync(cache, nobody.uid!, nobody.gid!);
    for (const entry of fs.readdirSync(cache, { recursive: true }))
      fs.lchownSync(join(cache, String(entry)), nobody.uid!, nobody.gid!);
    await journey('second', nobody, true);
  },
  900_000,
);
