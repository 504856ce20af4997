import { fork, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { blockedAt } from '../../src/data/embedded/account.ts';
import {
  AlreadyUpError,
  claimUp,
  embeddedExists,
  joinEmbedded,
  NoEmbeddedDatabaseError,
} from '../../src/data/embedded/index.ts';
import { ForeignDatabaseError } from '../../src/data/embedded/place.ts';
import { findPostmaster, stopPostmaster } from '../../src/data/embedded/postmaster.ts';
import { startThrowaway } from '../../src/data/embedded/throwaway.ts';

const sources = join(import.meta.dirname, '../../src/data/embedded');
const userFile = join(import.meta.dirname, '../support/embedded-user.ts');
const isRoot = process.getuid?.() === 0;
const nobody = { name: 'nobody', uid: 65534, gid: 65534 };
/** Not in a checkout below /root. */
const canBeNobody =
  isRoot && ![process.execPath, userFile].some((file) => blockedAt(dirname(file), nobody));

let scratch: string;
let home: string;
let users: ChildProcess[] = [];

beforeEach(() => {
  scratch = fs.mkdtempSync(join(tmpdir(), 'roundsman-embedded-'));
  fs.chmodSync(scratch, 0o755);
  home = join(scratch, '.roundsman');
});

afterEach(async () => {
  for (const user of users) user.kill('SIGKILL');
  users = [];
  const postmaster = findPostmaster(dataOf(home));
  if (postmaster) await stopPostmaster(postmaster);
  if (dataOf(home).startsWith('/var/lib/roundsman/'))
    fs.rmSync(join(dataOf(home), '..'), { recursive: true, force: true });
  fs.rmSync(scratch, { recursive: true, force: true });
});

/** Data are beside the word of their place, or where it says. */
function dataOf(at: string): string {
  const word = join(at, 'postgres.place');
  return join(fs.existsSync(word) ? fs.readFileSync(word, 'utf8').trim() : at, 'postgres');
}

const serverPid = () => findPostmaster(dataOf(home))?.pid;

async function until(holds: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 15_000; !holds(); await sleep(20))
    if (Date.now() > deadline) throw new Error(`never: ${holds}`);
}

async function query(url: string, text: string): Promise<unknown> {
  const client = new Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    const { rows } = await client.query(text);
    return rows?.[0] && Object.values(rows[0])[0];
  } finally {
    await client.end();
  }
}

interface Joined {
  url: string;
  directory: string;
  started: boolean;
}

/** A process of its own that has joined; it leaves when told to, and not when it is killed. */
async function anotherUser(options: { uid?: number; gid?: number } = {}) {
  const child = spawn(process.execPath, [userFile, home], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    cwd: '/',
    ...options,
  });
  users.push(child);
  let complaint = '';
  child.stderr?.on('data', (data) => (complaint += data));
  const joined = await new Promise<Joined>((resolve, reject) => {
    child.once('message', (message) => resolve(message as Joined));
    child.once('exit', () => reject(new Error(complaint)));
  });
  return {
    ...joined,
    async leave() {
      child.send('leave');
      await once(child, 'exit');
    },
    async kill() {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

describe('one user', () => {
  test('starts it cold, then warm, on loopback only, with the same data', async () => {
    expect(embeddedExists(home)).toBe(false);
    const cold = await joinEmbedded(home, { create: true });
    expect(cold.started).toBe(true);
    expect(new URL(cold.url).hostname).toBe('127.0.0.1');
    expect(await query(cold.url, 'SHOW listen_addresses')).toBe('127.0.0.1');
    expect(await query(cold.url, 'SHOW fsync')).toBe('on');
    expect(await query(cold.url, 'SHOW server_encoding')).toBe('UTF8');
    expect(await query(cold.url, "SELECT upper('straße ä')")).toBe('STRAßE Ä');
    await query(cold.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await cold.leave();
    expect(serverPid()).toBeUndefined();
    expect(embeddedExists(home)).toBe(true);

    const warm = await joinEmbedded(home, { create: false });
    expect(warm.started).toBe(true);
    expect(await query(warm.url, 'SELECT answer FROM kept')).toBe(42);
    await warm.leave();
  });

  test('keeps the password to its owner, and the server asks for it', async () => {
    const { url, leave } = await joinEmbedded(home, { create: true });
    expect(fs.statSync(join(home, 'postgres.password')).mode & 0o777).toBe(0o600);
    const guess = new URL(url);
    guess.password = 'postgres';
    await expect(query(guess.href, 'SELECT 1')).rejects.toThrow('password authentication failed');
    await leave();
  });

  test('is told what to do when there is no database and none is to be made', async () => {
    const refused = joinEmbedded(home, { create: false });
    await expect(refused).rejects.toThrow(NoEmbeddedDatabaseError);
    await expect(refused).rejects.toMatchObject({ hint: expect.stringContaining('npm start') });
    expect(fs.existsSync(home)).toBe(false);
  });

  test('is told what to do when the binaries are not installed', () => {
    // A copy of the code in a place without node_modules.
    fs.cpSync(sources, join(scratch, 'src/data/embedded'), { recursive: true });
    fs.copyFileSync(join(sources, '../../errors.ts'), join(scratch, 'src/errors.ts'));
    const program = `import { joinEmbedded } from '${scratch}/src/data/embedded/index.ts';
      await joinEmbedded('${home}', { create: true }).catch((e) => console.log(e.name, e.hint));`;
    const args = ['--input-type=module', '-e', program];
    const { stdout } = spawnSync(process.execPath, args, { encoding: 'utf8', cwd: scratch });
    expect(stdout).toContain('NoBinariesError Set DATABASE_URL to a PostgreSQL of version 15');
  });
});

describe('users beside each other', () => {
  test('share one server, and the last one out stops it', async () => {
    const first = await anotherUser();
    const second = await anotherUser();
    expect([first.started, second.started]).toEqual([true, false]);
    expect(second.url).toBe(first.url);
    const pid = serverPid();
    expect(pid).toBeDefined();
    // The one that started it goes first.
    await first.leave();
    expect(serverPid()).toBe(pid);
    expect(await query(second.url, 'SELECT 1')).toBe(1);
    await second.leave();
    expect(serverPid()).toBeUndefined();
  });

  test('who come at the same moment make and start it once', async () => {
    const joined = await Promise.all([anotherUser(), anotherUser(), anotherUser()]);
    expect(joined.filter(({ started }) => started)).toHaveLength(1);
    expect(new Set(joined.map(({ url }) => url)).size).toBe(1);
    await Promise.all(joined.map(({ leave }) => leave()));
    expect(serverPid()).toBeUndefined();
  });

  test('do not lose the server to one that is killed, and still stop it in the end', async () => {
    const killed = await anotherUser();
    const pid = serverPid();
    await killed.kill();
    const next = await joinEmbedded(home, { create: false });
    expect(next).toMatchObject({ started: false, url: killed.url });
    expect(serverPid()).toBe(pid);
    await next.leave();
    expect(serverPid()).toBeUndefined();
  });

  test('keep it through the Ctrl-C of one of them', async () => {
    const group = fork(userFile, [home], { detached: true, stdio: 'ignore', silent: false });
    users.push(group);
    const [{ url }] = (await once(group, 'message')) as [Joined];
    process.kill(-(group.pid ?? 0), 'SIGINT');
    await once(group, 'exit');
    expect(await query(url, 'SELECT 1')).toBe(1);
  });
});

describe('a server that was killed', () => {
  async function killServer(): Promise<number> {
    const pid = serverPid() ?? 0;
    process.kill(pid, 'SIGKILL');
    await until(() => serverPid() === undefined);
    return pid;
  }

  test('comes back with everything that was committed, at the same address', async () => {
    const first = await joinEmbedded(home, { create: true });
    await query(first.url, 'CREATE TABLE kept AS SELECT g FROM generate_series(1, 1000) g');
    await killServer();
    const second = await joinEmbedded(home, { create: false });
    expect(second).toMatchObject({ started: true, url: first.url });
    expect(await query(second.url, 'SELECT count(*)::int FROM kept')).toBe(1000);
    expect(await query(first.url, 'SELECT 1')).toBe(1);
    await first.leave();
    await second.leave();
    expect(serverPid()).toBeUndefined();
  });

  test('is not confused with a stranger who has got its process id', async () => {
    const first = await joinEmbedded(home, { create: true });
    await killServer();
    // As the server's own account: Postgres itself would take such a one for its predecessor.
    const { uid, gid } = fs.statSync(dataOf(home));
    const owner = isRoot ? { uid, gid } : {};
    const stranger = spawn('sleep', ['60'], { stdio: 'ignore', cwd: '/', ...owner });
    users.push(stranger);
    await once(stranger, 'spawn');
    const file = join(dataOf(home), 'postmaster.pid');
    const lines = fs.readFileSync(file, 'utf8').split('\n');
    fs.writeFileSync(file, [stranger.pid, ...lines.slice(1)].join('\n'));

    const second = await joinEmbedded(home, { create: false });
    expect(second.started).toBe(true);
    await first.leave();
    await second.leave();
    expect(serverPid()).toBeUndefined();
    expect(stranger.exitCode ?? stranger.signalCode).toBeNull();
  });

  test('of another directory is not taken over by a copy of it', async () => {
    const original = await joinEmbedded(home, { create: true });
    const copied = join(scratch, 'copy');
    fs.mkdirSync(copied);
    expect(spawnSync('cp', ['-a', home, join(copied, '.roundsman')]).status).toBe(0);
    expect(findPostmaster(join(copied, '.roundsman/postgres'))).toBeUndefined();
    expect(serverPid()).toBeDefined();
    await original.leave();
  });
});

describe('a data directory', () => {
  test('that a killed initdb left half-made is made anew', async () => {
    const maker = spawn(process.execPath, [userFile, home], { stdio: 'ignore' });
    users.push(maker);
    const half = () =>
      fs.existsSync(home) &&
      fs
        .readdirSync(home)
        .find((name) => name.startsWith('postgres.new-') && busy(join(home, name)));
    const busy = (fresh: string) => fs.existsSync(join(fresh, 'data/PG_VERSION'));
    await until(() => Boolean(half()));
    maker.kill('SIGKILL');
    await once(maker, 'exit');
    expect(embeddedExists(home)).toBe(false);

    const { url, leave } = await joinEmbedded(home, { create: true });
    expect(await query(url, 'SELECT 1')).toBe(1);
    await leave();
  });

  test('without a control file is put aside, not deleted', async () => {
    fs.mkdirSync(join(home, 'postgres'), { recursive: true });
    fs.writeFileSync(join(home, 'postgres/PG_VERSION'), '18\n');
    expect(embeddedExists(home)).toBe(false);
    const { url, leave } = await joinEmbedded(home, { create: true });
    expect(await query(url, 'SELECT 1')).toBe(1);
    expect(fs.readdirSync(home).some((name) => name.startsWith('postgres.incomplete-'))).toBe(true);
    await leave();
  });
});

describe('claimUp', () => {
  test('refuses a second one, names the first, and is free when that one is killed', async () => {
    const program = `import { claimUp } from '${sources}/index.ts';
      claimUp('${home}'); globalThis.gc(); process.send('up'); setInterval(() => {}, 1000);`;
    const args = ['--expose-gc', '--input-type=module', '-e', program];
    const first = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    users.push(first);
    await once(first, 'message');
    expect(() => claimUp(home)).toThrow(AlreadyUpError);
    expect(() => claimUp(home)).toThrow(`process ${first.pid} has claimed`);
    first.kill('SIGKILL');
    await once(first, 'exit');
    claimUp(home).release();
    claimUp(home).release();
  });
});

describe('a throw-away server', () => {
  const directory = () => join(scratch, 'throwaway');

  test('is gone with its files when it is stopped', async () => {
    const server = await startThrowaway(directory(), {
      fsync: false,
      settings: { work_mem: '5MB' },
    });
    expect(await query(server.url, 'SHOW work_mem')).toBe('5MB');
    await server.stop();
    expect(fs.existsSync(directory())).toBe(false);
    expect(fs.existsSync(`/proc/${server.pid}`)).toBe(false);
  });

  test('is gone with its files when its owner is killed', async () => {
    const program = `import { startThrowaway } from '${sources}/throwaway.ts';
      process.send(await startThrowaway('${directory()}', { fsync: false }));
      setInterval(() => {}, 1000);`;
    const args = ['--input-type=module', '-e', program];
    const owner = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    users.push(owner);
    const [{ url }] = (await once(owner, 'message')) as [Joined];
    expect(await query(url, 'SELECT 1')).toBe(1);
    owner.kill('SIGKILL');
    await until(() => !fs.existsSync(directory()));
    await expect(query(url, 'SELECT 1')).rejects.toThrow('ECONNREFUSED');
  });
});

describe.runIf(isRoot)('accounts', () => {
  test.runIf(canBeNobody)(
    'an ordinary user runs everything as itself, in its own home',
    async () => {
      fs.chownSync(scratch, nobody.uid, nobody.gid);
      const user = await anotherUser({ uid: nobody.uid, gid: nobody.gid });
      expect(await query(user.url, 'SELECT 1')).toBe(1);
      expect(user.directory).toBe(home);
      expect(fs.statSync(`/proc/${serverPid()}`).uid).toBe(nobody.uid);
      await user.leave();
      expect(serverPid()).toBeUndefined();
      // Root would leave files there that the owner cannot use.
      await expect(joinEmbedded(home, { create: true })).rejects.toThrow(ForeignDatabaseError);
    },
  );

  test.runIf(canBeNobody)('an ordinary user is told that root made the database', async () => {
    const { leave } = await joinEmbedded(home, { create: true });
    await leave();
    await expect(anotherUser({ uid: nobody.uid, gid: nobody.gid })).rejects.toThrow(
      /belongs to root, and this process runs as/,
    );
  });

  test('below a directory that only root can enter, the data go elsewhere and are found', async () => {
    fs.chmodSync(scratch, 0o700);
    const first = await joinEmbedded(home, { create: true });
    expect(first.directory).toMatch(/^\/var\/lib\/roundsman\/[0-9a-f]{12}$/);
    await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await first.leave();
    expect(embeddedExists(home)).toBe(true);
    const second = await joinEmbedded(home, { create: false });
    expect(second.directory).toBe(first.directory);
    expect(await query(second.url, 'SELECT answer FROM kept')).toBe(42);
    await second.leave();
  });
});
