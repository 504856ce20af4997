import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { readConfig } from '../../../src/config.ts';
import { openLog } from '../../../src/log.ts';

const isRoot = process.getuid?.() === 0;
const nobody = 65534;

let scratch: string;
let file: string;
beforeEach(() => {
  scratch = fs.mkdtempSync(join(tmpdir(), 'roundsman-log-file-'));
  onTestFinished(() => fs.rmSync(scratch, { recursive: true, force: true }));
  file = join(scratch, 'home/roundsman.log');
  fs.mkdirSync(join(scratch, 'home'));
});

const open = () => openLog(readConfig({ ROUNDSMAN_LOG_LEVEL: 'info' }), file);

describe('a log is not written', () => {
  test.runIf(isRoot)('into another user’s directory', () => {
    fs.chownSync(join(scratch, 'home'), nobody, nobody);
    expect(open).toThrow(
      /home belongs to another user \(id 65534\), who could redirect the log to another file/,
    );
    expect(fs.readdirSync(join(scratch, 'home'))).toEqual([]);
  });

  test('into a directory that others can write', () => {
    fs.chmodSync(join(scratch, 'home'), 0o1777);
    expect(open).toThrow(/home can be written by other users/);
  });

  test.runIf(isRoot)('by way of another user’s link', () => {
    fs.mkdirSync(join(scratch, 'shared'));
    fs.chmodSync(join(scratch, 'shared'), 0o1777);
    fs.symlinkSync(join(scratch, 'home'), join(scratch, 'shared/link'));
    fs.lchownSync(join(scratch, 'shared/link'), nobody, nobody);
    file = join(scratch, 'shared/link/roundsman.log');
    expect(open).toThrow(/link is a link that belongs to another user/);
    expect(fs.readdirSync(join(scratch, 'home'))).toEqual([]);
  });

  test('through a link, whoever made it', () => {
    const target = join(scratch, 'precious');
    fs.writeFileSync(target, 'precious', { mode: 0o644 });
    fs.symlinkSync(target, file);
    expect(open).toThrow(/roundsman\.log: it is a link/);
    expect(fs.readFileSync(target, 'utf8')).toBe('precious');
    expect(fs.statSync(target).mode & 0o777).toBe(0o644);
    fs.rmSync(target);
    expect(open).toThrow(/it is a link/);
    expect(fs.existsSync(target)).toBe(false);
  });

  test('into a file that has another name too', () => {
    const target = join(scratch, 'precious');
    fs.writeFileSync(target, 'precious');
    fs.linkSync(target, file);
    expect(open).toThrow(/it has a second name/);
    expect(fs.readFileSync(target, 'utf8')).toBe('precious');
  });

  test.runIf(isRoot)('into another user’s file', () => {
    fs.writeFileSync(file, '');
    fs.chownSync(file, nobody, nobody);
    expect(open).toThrow(/it belongs to another user/);
  });

  test.each(['with', 'without'])('into a pipe %s a reader, nor does it wait for one', (how) => {
    spawnSync('mkfifo', [file]);
    const { O_RDONLY, O_NONBLOCK } = fs.constants;
    const reader = how === 'with' ? fs.openSync(file, O_RDONLY | O_NONBLOCK) : null;
    try {
      expect(open).toThrow(/it is not a regular file/);
    } finally {
      if (reader !== null) fs.closeSync(reader);
    }
  });

  test('where its directory cannot be made, nor does it wait for that', () => {
    // In a process of its own: an endless loop there would stop this one for good.
    const script = `
      import { openLog } from ${JSON.stringify(new URL('../../../src/log.ts', import.meta.url).href)};
      try { openLog({ logLevel: 'info' }, '/proc/x/roundsman.log'); } catch (e) { console.log(e.what); }`;
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
      timeout: 10_000,
      killSignal: 'SIGKILL',
    });
    expect(stdout).toBe('The log cannot be written to /proc/x/roundsman.log\n');
  });
});

describe('beside another program that puts the log aside, no line is lost', () => {
  const text = 'x'.repeat(1_000);
  const kept = (): number[] =>
    fs
      .readdirSync(join(scratch, 'home'))
      .flatMap((name) =>
        fs
          .readFileSync(join(scratch, 'home', name), 'utf8')
          .trimEnd()
          .split('\n'),
      )
      .filter((line) => line !== '')
      .map((line) => (JSON.parse(line) as { line: number }).line)
      .toSorted((one, other) => one - other);
  function write(log: ReturnType<typeof open>, from: number, to: number): void {
    for (let line = from; line < to; line += 1) log.info({ line, text });
  }
  const all = (count: number) => Array.from({ length: count }, (_, line) => line);

  test.each([
    ['and makes a new one', '.1', true],
    ['under another name', '-20261128', true],
    ['and makes no new one', '.1', false],
  ])('%s', (_, suffix, makes) => {
    const log = open();
    write(log, 0, 3_000);
    fs.renameSync(file, `${file}${suffix}`);
    if (makes) fs.writeFileSync(file, '', { mode: 0o640 });
    write(log, 3_000, 3_010);
    // At once: the one that was put aside may be compressed and removed.
    expect(fs.readFileSync(file, 'utf8').split('\n')).toHaveLength(11);
    write(log, 3_010, 15_000);
    expect(kept()).toEqual(all(15_000));
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);
  });

  test('and what it keeps is not replaced by ours', () => {
    const log = open();
    write(log, 0, 10);
    fs.renameSync(file, `${file}.1`);
    const before = fs.readFileSync(`${file}.1`, 'utf8');
    write(log, 10, 25_000);
    expect(fs.readFileSync(`${file}.1`, 'utf8')).toBe(before);
    expect(fs.readdirSync(join(scratch, 'home'))).toHaveLength(3);
  });

  test('by copying and emptying it', () => {
    const log = open();
    write(log, 0, 8_000);
    fs.copyFileSync(file, `${file}.1`);
    fs.truncateSync(file, 0);
    write(log, 8_000, 16_000);
    expect(kept()).toEqual(all(16_000));
  });

  test('and where another process writes the same log, too', () => {
    const [one, other] = [open(), open()];
    for (let line = 0; line < 15_000; line += 1) (line % 2 ? one : other).info({ line, text });
    expect(kept()).toEqual(all(15_000));
  });

  test('and what it puts under the name that is none of ours is left alone', () => {
    const log = open();
    write(log, 0, 10);
    fs.renameSync(file, `${file}.1`);
    const target = join(scratch, 'precious');
    fs.writeFileSync(target, 'precious');
    fs.symlinkSync(target, file);
    write(log, 10, 20);
    expect(fs.readFileSync(target, 'utf8')).toBe('precious');
    expect(fs.readFileSync(`${file}.1`, 'utf8').trimEnd().split('\n')).toHaveLength(20);
  });
});
