/** A full disk: what each command says of it, and `up` on its terminal. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test, vi } from 'vitest';
import { explainFault } from '../../src/database/faults/explain-fault.ts';
import { tryLock } from '../../src/database/embedded/locks.ts';
import { openEvents } from '../../src/events/events.ts';
import { tellOfFullDisk } from '../../src/bin/full-disk.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Mounts a file system with room for an embedded database and little else; null if this process may not mount. */
function smallDisk(): string | null {
  const directory = fs.mkdtempSync(join(tmpdir(), 'roundsman-small-disk-'));
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=160m', 'tmpfs', directory]);
  if (status === 0) return directory;
  fs.rmdirSync(directory);
  return null;
}

function remove(disk: string): void {
  spawnSync('umount', ['-l', disk]);
  fs.rmdirSync(disk);
}

/** Only root may mount: for other users these tests are skipped. */
const probe = smallDisk();
if (probe) remove(probe);

function aSmallDisk(): string {
  const disk = smallDisk()!;
  onTestFinished(() => remove(disk));
  return disk;
}

const filler = (disk: string) => join(disk, 'filler');

function fill(disk: string): void {
  for (const block of [1024 * 1024, 4096]) {
    const zeros = Buffer.alloc(block);
    try {
      for (;;) fs.appendFileSync(filler(disk), zeros);
    } catch (error) {
      expect(error).toMatchObject({ code: 'ENOSPC' });
    }
  }
}

function start(home: string, ...args: string[]) {
  const { PATH } = process.env;
  const child = spawn(process.execPath, ['src/bin/roundsman.js', ...args], {
    cwd: root,
    env: { PATH, HOME: home, ROUNDSMAN_HOME: home, NO_COLOR: '1' },
  });
  const heard = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (heard.out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (heard.err += text));
  return { child, heard };
}

async function roundsman(home: string, ...args: string[]) {
  const { child, heard } = start(home, ...args);
  const [code] = await once(child, 'close');
  return { code, ...heard };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'close');
}

const until = (assertion: () => unknown) =>
  vi.waitFor(assertion, { timeout: 30_000, interval: 50 });

test.skipIf(!probe)(
  'up says that the disk is full, commands that write nothing work, and the others say what is full',
  { timeout: 120_000 },
  async () => {
    const disk = aSmallDisk();
    const home = join(disk, 'home');
    const { child, heard } = start(home, 'up', '--empty');
    try {
      await until(() => expect(heard.out).toContain('BullMQ on postgres'));
      // Each session that begins writes a file, unless one has done so since the last change of the tables.
      expect(await roundsman(home, 'status')).toMatchObject({ code: 0 });
      const log = join(disk, 'access.log');
      const line = (index: number) =>
        `192.0.2.1 - - [27/Nov/2026:10:00:00 +0000] "GET /p${index} HTTP/1.1" 200 1\n`;
      fs.writeFileSync(log, Array.from({ length: 50_000 }, (_, index) => line(index)).join(''));
      fill(disk);
      await until(() => expect(heard.out).toContain(`The disk of ${home} is full`));

      for (const command of [['status'], ['bots', 'list'], ['bots', 'pause', 'janitor']])
        expect(await roundsman(home, ...command), command.join(' ')).toMatchObject({ code: 0 });
      const imported = await roundsman(home, 'import', 'access-log', log);
      expect(imported).toMatchObject({ code: 1 });
      expect(imported.err).toMatch(/No space left on device/);
      expect(imported.err).not.toContain('defect');

      fs.rmSync(filler(disk));
      await until(() => expect(heard.out).toContain(`The disk of ${home} has room again`));
      expect(await roundsman(home, 'import', 'access-log', log)).toMatchObject({ code: 0 });
    } finally {
      await end(child);
    }
    expect(heard.out).toContain('Stopped.');
  },
);

test.skipIf(!probe)(
  'a first start on a full disk says which disk is full',
  { timeout: 60_000 },
  async () => {
    const disk = aSmallDisk();
    fill(disk);
    const { code, err } = await roundsman(join(disk, 'home'), 'up');
    expect(code).toBe(1);
    expect(err).toMatch(/ENOSPC|No space left on device/);
    expect(err).toContain(disk);
    expect(err).toMatch(/try: .*make room/i);
    expect(err).not.toContain('defect');
  },
);

test.skipIf(!probe)('a lock is taken on a full disk', () => {
  const disk = aSmallDisk();
  const file = join(disk, 'gate.lock');
  fs.writeFileSync(file, '', { mode: 0o600 });
  fill(disk);
  for (const mode of ['exclusive', 'shared'] as const) {
    const lock = tryLock(file, mode);
    expect(lock, mode).toBeDefined();
    lock!.release();
  }
  expect(fs.readdirSync(disk).toSorted()).toEqual(['filler', 'gate.lock']);
});

const given = (code: string, message: string, rest = {}) =>
  Object.assign(new Error(message), { code, ...rest });

test.each([
  ['a file', given('ENOSPC', 'ENOSPC: no space left on device, open', { path: '/x/y' }), '/x/y'],
  ['a quota', given('EDQUOT', 'EDQUOT: disk quota exceeded, write'), 'ROUNDSMAN_HOME'],
  ['SQLite', given('ERR_SQLITE_ERROR', 'database or disk is full', { errcode: 13 }), ''],
  ['PostgreSQL', given('53100', 'could not extend file', { severity: 'ERROR' }), 'ROUNDSMAN_HOME'],
  ['a cause', new Error('it failed', { cause: given('ENOSPC', 'ENOSPC: write') }), ''],
  ['one of several', new AggregateError([given('ENOSPC', 'ENOSPC: write')], 'all failed'), ''],
])('is explained: of %s', (_, error, place) => {
  const told = explainFault(error)!;
  expect(told.what).toMatch(/disk.* is full/);
  expect(told.why).not.toBe('');
  expect(told.hint).toContain('make room');
  expect(told.hint).toContain(place);
});

test.each([
  given('ERR_SQLITE_ERROR', 'database is locked', { errcode: 5 }),
  given('53200', 'out of memory', { severity: 'ERROR' }),
  given('EACCES', 'EACCES: permission denied, open'),
  new Error('it failed'),
])('nothing else is: %s', (error) => {
  expect(explainFault(error)?.what ?? '').not.toMatch(/disk.* is full/);
});

test('a full disk of a database on another machine is logged once, and so is its end', () => {
  const said: string[] = [];
  const { emit, subscribe } = openEvents();
  const teller = tellOfFullDisk(tmpdir(), (line) => said.push(line));
  onTestFinished(() => teller.stop());
  subscribe(teller.ofEvents);
  const err = given('53100', 'could not extend file "base/1/2"', { severity: 'ERROR' });
  emit('timer.works_again', { timer: 'heartbeat', times: 1 });
  emit('timer.failed', { timer: 'heartbeat', times: 1, err });
  emit('tick.failed', { times: 1, err: new Error('it failed', { cause: err }) });
  expect(said).toEqual([
    expect.stringMatching(/^Not working: the disk of the database is full \(could not extend file/),
  ]);
  emit('timer.works_again', { timer: 'heartbeat', times: 3 });
  emit('tick.works_again', { times: 3 });
  expect(said.slice(1)).toEqual(['The database takes writes again.']);
});

test('the loss of log lines is reported once, and so is its end', () => {
  const said: string[] = [];
  const { ofLog, stop } = tellOfFullDisk(tmpdir(), (line) => said.push(line));
  onTestFinished(stop);
  ofLog.lost(given('ENOSPC', 'ENOSPC: no space left on device, write'));
  ofLog.written();
  expect(said).toEqual([
    'The log loses lines: ENOSPC: no space left on device, write',
    'The log is written again.',
  ]);
});
