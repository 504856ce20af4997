import { fork, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { blockedAt } from '../../src/database/embedded/account.ts';
import {
  AlreadyUpError,
  lockHome,
  embeddedExists,
  joinEmbedded,
  NoEmbeddedDatabaseError,
} from '../../src/database/embedded/index.ts';
import { ForeignDatabaseError } from '../../src/database/embedded/open-home.ts';
import { findPostmaster, stopPostmaster } from '../../src/database/embedded/postmaster.ts';
import { isAlive } from '../../src/ground/processes.ts';
import { startThrowaway } from '../../src/database/embedded/throwaway.ts';
import { childrenOf } from '../support/installation.ts';

const sources = join(import.meta.dirname, '../../src/database/embedded');
const userFile = join(import.meta.dirname, '../support/embedded-user.ts');
const isRoot = process.getuid?.() === 0;
const nobody = { name: 'nobody', uid: 65534, gid: 65534 };
/** False in a checkout below /root, which other accounts cannot enter. */
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

/** The data lie in the home, or in the directory that its file postgres.place names. */
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

/** Another process that uses the server; told to leave, it leaves properly; killed, it does not. */
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
  test('creates it, later starts it again with the same data, and on loopback only', async () => {
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

  test('keeps the password in a file that only its owner can read, and the server asks for it', async () => {
    const { url, leave } = await joinEmbedded(home, { create: true });
    expect(fs.statSync(join(home, 'postgres.password')).mode & 0o777).toBe(0o600);
    const guess = new URL(url);
    guess.password = 'postgres';
    await expect(query(guess.href, 'SELECT 1')).rejects.toThrow('password authentication failed');
    await leave();
  });

  test('is told what to do when there is no database and none may be made', async () => {
    const refused = joinEmbedded(home, { create: false });
    await expect(refused).rejects.toThrow(NoEmbeddedDatabaseError);
    await expect(refused).rejects.toMatchObject({ hint: expect.stringContaining('npm start') });
    expect(fs.existsSync(home)).toBe(false);
  });

  test('is told what to do when the disk is full, and no incomplete copy stays', () => {
    const program = `import { joinEmbedded } from '${sources}/index.ts';
      await joinEmbedded('${home}', { create: true })
        .catch((e) => console.log(e.name, '|', e.why, '|', e.hint));`;
    // A limit on the size of each file stops the copy in the middle, also for root.
    const script = 'ulimit -f 1000; exec "$0" --input-type=module -e "$1"';
    const { stdout } = spawnSync('/bin/sh', ['-c', script, process.execPath, program], {
      encoding: 'utf8',
    });
    expect(stdout).toMatch(/^CopyError \| E.+ \| .+ with \d{3} MB free/);
    expect(fs.readdirSync(home).filter((name) => name.startsWith('binaries-'))).toEqual([]);
  });

  test.each(['/proc/x', '/proc/x/y', '/dev/null/x'])(
    'is told at once that %s can be no home',
    (impossible) => {
      const program = `import { lockHome } from '${sources}/index.ts';
        try { lockHome('${impossible}'); } catch (e) { console.log(e.name, e.what); }`;
      // In another process, because an endless loop would block this one for ever.
      const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
        encoding: 'utf8',
        timeout: 10_000,
        killSignal: 'SIGKILL',
      });
      expect(stdout).toContain(
        `ForeignDatabaseError The embedded database cannot be made in ${impossible}`,
      );
    },
  );

  test('is told where data and password were when the password is missing', async () => {
    const { leave } = await joinEmbedded(home, { create: true });
    await leave();
    fs.rmSync(join(home, 'postgres.password'));
    expect(embeddedExists(home)).toBe(true);
    await expect(joinEmbedded(home, { create: true })).rejects.toMatchObject({
      name: 'NoEmbeddedDatabaseError',
      why: expect.stringContaining(`the data in ${home}/postgres, is missing`),
      hint: `Put it back, or move ${home} away to start with an empty database.`,
    });
    expect(fs.existsSync(join(home, 'postgres/global/pg_control'))).toBe(true);
  });

  test('is told what to do when the binaries are not installed', () => {
    // A copy of the code in a directory without node_modules.
    fs.cpSync(sources, join(scratch, 'src/database/embedded'), { recursive: true });
    for (const name of [
      'ground/module-beside.ts',
      'ground/errors.ts',
      'ground/is-package.ts',
      'ground/processes.ts',
      'ground/terminal.ts',
      'ground/files/full-disk.ts',
      'ground/files/own-file.ts',
      'ground/files/trusted.ts',
      'ground/files/group-rights.ts',
      'database/faults/sql-states.ts',
    ])
      fs.cpSync(join(sources, '../..', name), join(scratch, 'src', name));
    const program = `import { joinEmbedded } from '${scratch}/src/database/embedded/index.ts';
      await joinEmbedded('${home}', { create: true }).catch((e) => console.log(e.name, e.hint));`;
    const args = ['--input-type=module', '-e', program];
    const { stdout } = spawnSync(process.execPath, args, { encoding: 'utf8', cwd: scratch });
    expect(stdout).toContain('NoBinariesError set DATABASE_URL to a PostgreSQL of version 15');
  });
});

describe('several users', () => {
  test('share one server, and the last one out stops it', async () => {
    const first = await anotherUser();
    const second = await anotherUser();
    expect([first.started, second.started]).toEqual([true, false]);
    expect(second.url).toBe(first.url);
    const pid = serverPid();
    expect(pid).toBeDefined();
    // The process that started it leaves first.
    await first.leave();
    expect(serverPid()).toBe(pid);
    expect(await query(second.url, 'SELECT 1')).toBe(1);
    await second.leave();
    expect(serverPid()).toBeUndefined();
  });

  test('who begin at the same moment create and start it once', async () => {
    const joined = await Promise.all([anotherUser(), anotherUser(), anotherUser()]);
    expect(joined.filter(({ started }) => started)).toHaveLength(1);
    expect(new Set(joined.map(({ url }) => url)).size).toBe(1);
    await Promise.all(joined.map(({ leave }) => leave()));
    expect(serverPid()).toBeUndefined();
  });

  test('keep the server when one of them is killed, and the last one still stops it', async () => {
    const killed = await anotherUser();
    const pid = serverPid();
    await killed.kill();
    const next = await joinEmbedded(home, { create: false });
    expect(next).toMatchObject({ started: false, url: killed.url });
    expect(serverPid()).toBe(pid);
    await next.leave();
    expect(serverPid()).toBeUndefined();
  });

  test('keep it when one of them is ended with Ctrl-C', async () => {
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

  // Another server of this test run may have taken the port in the meantime.
  test(
    'comes back with everything that was committed, at the same address',
    { retry: 2 },
    async () => {
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
    },
  );

  test('is not confused with a foreign process that has got its process id', async () => {
    const first = await joinEmbedded(home, { create: true });
    await killServer();
    // With the account of the server, so that Postgres itself would take the process for its predecessor.
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

  test('is not used by a copy of its directory', async () => {
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
  test('that a killed initdb left incomplete is created again', async () => {
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

  test('without a control file is renamed, not deleted', async () => {
    fs.mkdirSync(join(home, 'postgres'), { recursive: true });
    fs.writeFileSync(join(home, 'postgres/PG_VERSION'), '18\n');
    expect(embeddedExists(home)).toBe(false);
    const { url, leave } = await joinEmbedded(home, { create: true });
    expect(await query(url, 'SELECT 1')).toBe(1);
    expect(fs.readdirSync(home).some((name) => name.startsWith('postgres.incomplete-'))).toBe(true);
    await leave();
  });
});

describe('lockHome', () => {
  test('refuses a second process and names the first, until that one is killed', async () => {
    const program = `import { lockHome } from '${sources}/index.ts';
      lockHome('${home}'); globalThis.gc(); process.send('up'); setInterval(() => {}, 1000);`;
    const args = ['--expose-gc', '--input-type=module', '-e', program];
    const first = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    users.push(first);
    await once(first, 'message');
    expect(() => lockHome(home)).toThrow(AlreadyUpError);
    expect(() => lockHome(home)).toThrow(`process ${first.pid} runs it in ${home}`);
    first.kill('SIGKILL');
    await once(first, 'exit');
    lockHome(home).release();
    lockHome(home).release();
  });
});

describe('a throw-away server', () => {
  const directory = () => join(scratch, 'throwaway');

  test('is deleted with its files when it is stopped', async () => {
    const server = await startThrowaway(directory(), {
      fsync: false,
      settings: { work_mem: '5MB' },
    });
    expect(await query(server.url, 'SHOW work_mem')).toBe('5MB');
    await server.stop();
    expect(fs.existsSync(directory())).toBe(false);
    expect(isAlive(server.pid)).toBe(false);
  });

  test('is deleted with its files when its owner is killed', async () => {
    const program = `import { startThrowaway } from '${sources}/throwaway.ts';
      process.send(await startThrowaway('${directory()}', { fsync: false }));
      setInterval(() => {}, 1000);`;
    const args = ['--input-type=module', '-e', program];
    const owner = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    users.push(owner);
    const [{ url }] = (await once(owner, 'message')) as [Joined];
    expect(await query(url, 'SELECT 1')).toBe(1);
    // As a process manager that signals all processes of the tree before it kills.
    for (const child of childrenOf(owner.pid!)) process.kill(child, 'SIGTERM');
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

  test.each([
    [nobody.uid, 'nobody'],
    [54_321, 'the user with id 54321'],
  ])('root is told that user %i, %s, made the database', async (uid, name) => {
    fs.mkdirSync(home);
    fs.writeFileSync(join(home, 'postgres.password'), 'x\n');
    fs.chownSync(join(home, 'postgres.password'), uid, uid);
    await expect(joinEmbedded(home, { create: true })).rejects.toMatchObject({
      why: `it belongs to ${name}, and this process runs as root`,
      hint: expect.stringContaining(`Run this as ${name}, `),
    });
  });

  test('below a directory that only root can enter, the data are placed elsewhere and found again', async () => {
    fs.chmodSync(scratch, 0o700);
    const first = await joinEmbedded(home, { create: true });
    expect(first.directory).toMatch(/^\/var\/lib\/roundsman\/[0-9a-f]{12}-[0-9a-f]{8}$/);
    await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await first.leave();
    expect(embeddedExists(home)).toBe(true);
    const second = await joinEmbedded(home, { create: false });
    expect(second.directory).toBe(first.directory);
    expect(await query(second.url, 'SELECT answer FROM kept')).toBe(42);
    await second.leave();
  });

  describe('data that lie elsewhere', () => {
    const places = new Set<string>();
    afterEach(() => {
      for (const place of places) fs.rmSync(place, { recursive: true, force: true });
      places.clear();
    });

    async function joinElsewhere(at = home) {
      const joined = await joinEmbedded(at, { create: true });
      places.add(joined.directory);
      expect(dirname(joined.directory)).toBe('/var/lib/roundsman');
      return joined;
    }

    test.each([
      ['the home', () => fs.rmSync(home, { recursive: true })],
      ['its password file', () => fs.rmSync(join(home, 'postgres.password'))],
    ])('stay as they are when %s is gone, and new ones are made', async (_, lose) => {
      fs.chmodSync(scratch, 0o700);
      const old = await joinElsewhere();
      await query(old.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
      lose();
      expect(embeddedExists(home)).toBe(false);
      await expect(joinEmbedded(home, { create: false })).rejects.toMatchObject({
        hint: expect.stringContaining('npm start'),
      });

      const anew = await joinElsewhere();
      expect(anew.started).toBe(true);
      expect(anew.directory).not.toBe(old.directory);
      expect(await query(anew.url, "SELECT to_regclass('kept')::text")).toBeNull();
      // A process that still works with the old data is not disturbed.
      expect(await query(old.url, 'SELECT answer FROM kept')).toBe(42);
      await old.leave();
      expect(fs.existsSync(join(old.directory, 'postgres/global/pg_control'))).toBe(true);
      await anew.leave();
      const again = await joinElsewhere();
      expect(again.directory).toBe(anew.directory);
      await again.leave();
    });

    test('of a home that was moved away are not used by a new home at the same path', async () => {
      fs.chmodSync(scratch, 0o700);
      const first = await joinElsewhere();
      await first.leave();
      const moved = join(scratch, 'moved');
      fs.renameSync(home, moved);
      const second = await joinElsewhere();
      expect(second.directory).not.toBe(first.directory);
      await second.leave();
      const third = await joinElsewhere(moved);
      expect(third.directory).toBe(first.directory);
      await third.leave();
    });

    test('are made once by users who begin at the same moment in a home without password', async () => {
      fs.chmodSync(scratch, 0o700);
      const old = await joinElsewhere();
      await old.leave();
      fs.rmSync(join(home, 'postgres.password'));
      const joined = await Promise.all([anotherUser(), anotherUser(), anotherUser()]);
      for (const { directory } of joined) places.add(directory);
      expect(joined.filter(({ started }) => started)).toHaveLength(1);
      expect(new Set(joined.map(({ url }) => url)).size).toBe(1);
      await Promise.all(joined.map(({ leave }) => leave()));
    });
  });
});
