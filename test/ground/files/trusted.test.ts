import { execFile, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { joinEmbedded } from '../../../src/database/embedded/index.ts';
import { startThrowaway } from '../../../src/database/embedded/throwaway.ts';
import { distrust, distrustTree, untrusted } from '../../../src/ground/files/trusted.ts';
import { install } from '../../support/installation.ts';

const isRoot = process.getuid?.() === 0;
const nobody = 65534;
const asNobody = ['--reuid', '65534', '--regid', '65534', '--clear-groups'];

let scratch: string;
beforeEach(() => {
  scratch = fs.mkdtempSync(join(tmpdir(), 'roundsman-trusted-'));
  onTestFinished(() => fs.rmSync(scratch, { recursive: true, force: true }));
});

function made(name: string, mode: number, uid = process.getuid!()): string {
  const path = join(scratch, name);
  fs.mkdirSync(path, { recursive: true });
  fs.chownSync(path, uid, uid === nobody ? nobody : process.getgid!());
  fs.chmodSync(path, mode);
  return path;
}

/** What a process with these rights says of this path. */
function asProcess(rights: string[], path: string) {
  const source = JSON.stringify(
    new URL('../../../src/ground/files/trusted.ts', import.meta.url).href,
  );
  const script = `console.log((await import(${source})).untrusted(${JSON.stringify(path)}))`;
  return spawnSync('setpriv', [...rights, process.execPath, '--input-type=module', '-e', script], {
    encoding: 'utf8',
  });
}

/** Gives `nobody` the right to write, by an access list; false where that cannot be done here. */
function grant(path: string): boolean {
  const list =
    '0200000001000700ffffffff02000700feff000004000500ffffffff10000700ffffffff20000500ffffffff';
  const script =
    'import os,sys; os.setxattr(sys.argv[1], "system.posix_acl_access", bytes.fromhex(sys.argv[2]))';
  return spawnSync('python3', ['-c', script, path, list]).status === 0;
}

const probe = fs.mkdtempSync(join(tmpdir(), 'roundsman-trusted-'));
const canGrant = grant(probe);
fs.rmSync(probe, { recursive: true });

describe('a place', () => {
  test('of our own is believed, also below a shared directory with the sticky bit', () => {
    made('shared', 0o1777);
    expect(untrusted(made('shared/own', 0o700))).toBeNull();
    expect(untrusted(made('shared/group-of-ours', 0o775))).toBeNull();
  });

  test('that any user can write is not, and nothing below it', () => {
    made('open', 0o777);
    expect(untrusted(join(scratch, 'open'))).toMatch(/open can be written by other users$/);
    expect(untrusted(made('open/own', 0o700))).toMatch(/open can be written by other users$/);
    // Its sticky bit keeps what is in it, but any user can add to it.
    expect(untrusted(made('shared', 0o1777))).toMatch(/shared can be written by other users$/);
  });

  test.runIf(isRoot)('of another user or another group is not, and nothing below it', () => {
    made('theirs', 0o755, nobody);
    expect(untrusted(join(scratch, 'theirs'))).toMatch(
      /theirs belongs to another user \(id 65534\)/,
    );
    expect(untrusted(made('theirs/own', 0o700))).toMatch(/theirs belongs to another user/);
    const grouped = made('grouped', 0o775);
    fs.chownSync(grouped, 0, nobody);
    expect(untrusted(grouped)).toMatch(/grouped can be written by other users/);
  });

  test.runIf(isRoot)(
    'that the group may write is believed only where no other user is in it',
    () => {
      const grouped = made('grouped', 0o775);
      // As on systems that put every user into the same group.
      const shared = Number(/^users:[^:]*:(\d+):/m.exec(fs.readFileSync('/etc/group', 'utf8'))![1]);
      for (const gid of [shared, 65_432]) {
        fs.chownSync(grouped, 0, gid);
        const { stdout } = asProcess(['--regid', String(gid), '--clear-groups'], grouped);
        expect(stdout).toContain('grouped can be written by other users');
      }
    },
  );

  test.runIf(canGrant)('that an access list opens to another user is not', () => {
    const listed = made('listed', 0o755);
    const file = join(scratch, 'file');
    fs.writeFileSync(file, '', { mode: 0o644 });
    for (const path of [listed, file]) {
      expect(untrusted(path)).toBeNull();
      expect(grant(path)).toBe(true);
      expect(untrusted(path)).toMatch(/can be written by other users$/);
      spawnSync('/bin/sh', ['-c', distrust(path)!.hint.match(/chmod [^)]+/)![0]]);
      expect(untrusted(path)).toBeNull();
    }
  });

  test.runIf(isRoot)('is judged with all that is in it where programs are run from it', () => {
    const tree = made('tree', 0o755);
    const inner = made('tree/bin', 0o755);
    fs.writeFileSync(join(inner, 'postgres'), '', { mode: 0o755 });
    expect(distrustTree(tree)).toBeNull();
    fs.chmodSync(join(inner, 'postgres'), 0o757);
    expect(distrustTree(tree)!.why).toMatch(/bin\/postgres can be written by other users/);
    fs.chmodSync(join(inner, 'postgres'), 0o755);
    fs.chownSync(join(inner, 'postgres'), nobody, nobody);
    expect(distrustTree(tree)!.why).toMatch(/bin\/postgres belongs to another user/);
  });

  test.runIf(isRoot)('behind a link is judged by where the link leads', () => {
    const link = join(scratch, 'link');
    fs.symlinkSync(made('theirs', 0o755, nobody), link);
    expect(untrusted(link)).toMatch(/theirs belongs to another user/);
  });
});

/** Can an ordinary user make a namespace of users here, in which root is not mapped, and read this checkout? */
const canUnmap =
  isRoot &&
  spawnSync('setpriv', [...asNobody, 'unshare', '-r', 'cat', fileURLToPath(import.meta.url)])
    .status === 0;

describe.runIf(canUnmap)('in a user namespace that does not map root', () => {
  const asked = (...paths: string[]) => {
    const source = JSON.stringify(
      new URL('../../../src/ground/files/trusted.ts', import.meta.url).href,
    );
    const script = `
      const { distrust } = await import(${source});
      console.log(JSON.stringify(${JSON.stringify(paths)}.map((path) => distrust(path))));`;
    const { stdout, stderr } = spawnSync(
      'setpriv',
      [...asNobody, 'unshare', '-r', process.execPath, '--input-type=module', '-e', script],
      { encoding: 'utf8' },
    );
    expect(stderr).toBe('');
    return JSON.parse(stdout) as ({ why: string; hint: string } | null)[];
  };

  test('what is ours below directories of root’s is believed, and nothing that another user could own', () => {
    fs.chmodSync(scratch, 0o755);
    // Not in the shared temporary directory, where no owner that is not mapped can be told from another.
    const root = fs.mkdtempSync('/var/lib/roundsman-trusted-');
    onTestFinished(() => fs.rmSync(root, { recursive: true, force: true }));
    fs.chmodSync(root, 0o755);
    const place = (name: string, mode: number, uid: number) => {
      fs.mkdirSync(join(root, name));
      fs.chownSync(join(root, name), uid, uid);
      fs.chmodSync(join(root, name), mode);
      return join(root, name);
    };
    const own = place('own', 0o755, nobody);
    const roots = place('roots', 0o755, 0);
    const shared = place('shared', 0o1777, 0);
    place('shared/theirs', 0o755, 4_321);
    const below = place('shared/theirs/own', 0o755, nobody);
    const [first, second, third, fourth] = asked(own, roots, below, shared);
    expect(first).toBeNull();
    expect(second).toMatchObject({
      why: expect.stringMatching(/roots belongs to another user \(id 65534\)/),
      hint: expect.stringContaining(`chown 0 ${roots}`),
    });
    expect(third!.why).toMatch(/theirs belongs to another user/);
    expect(fourth).not.toBeNull();
  });
});

test.runIf(isRoot)(
  'the hint takes away what is the reason: an owner by chown, a right by chmod',
  () => {
    const theirs = made('theirs', 0o755, nobody);
    expect(distrust(theirs)!.hint).toBe(`make it your own (chown 0 ${theirs})`);
    const open = made('open', 0o777);
    expect(distrust(open)!.hint).toBe(`take that right away (chmod go-w ${open})`);
  },
);

describe('what Node compiled', () => {
  const checkout = install('slow-bots.ts');
  const version = (env: NodeJS.ProcessEnv, directory = checkout) =>
    promisify(execFile)(process.execPath, [join(directory, 'src/bin/roundsman.js'), '--version'], {
      env: { PATH: process.env.PATH, ...env },
    });
  const kept = (directory: string) => fs.readdirSync(directory, { recursive: true }).length > 2;

  test('is kept beside the program for nobody else, and never in the shared temporary directory', async () => {
    const shared = made('tmp', 0o1777);
    await version({ TMPDIR: shared, HOME: made('home', 0o755) });
    expect(fs.readdirSync(shared)).toEqual([]);
    const directory = join(checkout, '.compiled');
    expect(fs.statSync(directory).mode & 0o777).toBe(0o700);
    expect(kept(directory)).toBe(true);
  });

  test('is not taken from a directory that others could write', async () => {
    const directory = join(checkout, '.compiled');
    fs.rmSync(directory, { recursive: true, force: true });
    fs.mkdirSync(directory);
    fs.chmodSync(directory, 0o777);
    await version({ HOME: made('home', 0o755) });
    expect(fs.readdirSync(directory)).toEqual([]);
    fs.rmSync(directory, { recursive: true });
  });

  test.runIf(isRoot)('is kept below our home where the program is another user’s', async () => {
    const theirs = join(scratch, 'program');
    fs.cpSync(checkout, theirs, { recursive: true, verbatimSymlinks: true });
    spawnSync('chown', ['-R', 'nobody', theirs]);
    const home = made('home', 0o755);
    await version({ HOME: home }, theirs);
    expect(fs.existsSync(join(theirs, '.compiled'))).toBe(false);
    expect(kept(join(home, '.cache/roundsman/compiled'))).toBe(true);
    // A home that is handed on, as `sudo` does it, is not ours.
    const foreign = made('foreign', 0o777, nobody);
    await version({ HOME: foreign }, theirs);
    expect(fs.readdirSync(foreign)).toEqual([]);
  });
});

describe('the embedded database', () => {
  test('is not made where any user could have put programs', async () => {
    const home = made('home', 0o777);
    fs.mkdirSync(join(home, 'binaries-99'));
    await expect(joinEmbedded(home, { create: true })).rejects.toThrow(
      /cannot be used: .*home can be written by other users, who could put other programs/,
    );
    await expect(startThrowaway(made('demo', 0o777), { fsync: false })).rejects.toThrow(
      /can be written by other users/,
    );
  });

  test.runIf(isRoot)('leaves its account nothing but its own data', async () => {
    const directory = join(scratch, 'demo');
    fs.chmodSync(scratch, 0o755);
    const server = await startThrowaway(directory, { fsync: false });
    try {
      const owners = fs
        .readdirSync(directory)
        .map((name) => [name, fs.statSync(join(directory, name)).uid]);
      expect(fs.statSync(directory).uid).toBe(0);
      expect(Object.fromEntries(owners.filter(([name]) => name !== 'postgres'))).toEqual(
        Object.fromEntries(
          owners.filter(([name]) => name !== 'postgres').map(([name]) => [name, 0]),
        ),
      );
    } finally {
      await server.stop();
    }
    expect(fs.existsSync(directory)).toBe(false);
  });
});

test('settings that any user could have written are refused, with the file', async () => {
  const checkout = install('slow-bots.ts');
  const file = join(checkout, '.env');
  fs.writeFileSync(file, 'DATABASE_URL=postgres://elsewhere.test/x\n');
  fs.chmodSync(file, 0o666);
  const { status, stderr } = spawnSync(
    process.execPath,
    [join(checkout, 'src/bin/roundsman.js'), 'status'],
    { encoding: 'utf8', env: { PATH: process.env.PATH } },
  );
  expect(status).toBe(2);
  expect(stderr).toMatch(/\.env: .*\.env can be written by other users, so its settings/);
});

test('where there are no settings none are refused, whoever could put some there', () => {
  const checkout = install('slow-bots.ts');
  fs.chmodSync(checkout, 0o777);
  const { status, stderr } = spawnSync(
    process.execPath,
    [join(checkout, 'src/bin/roundsman.js'), 'status'],
    {
      encoding: 'utf8',
      env: { PATH: process.env.PATH, DATABASE_URL: 'postgres://127.0.0.1:1/nothing' },
    },
  );
  expect(status).toBe(1);
  expect(stderr).toContain('127.0.0.1:1');
});
