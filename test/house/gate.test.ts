/** What .ci/run does with what runs beside the checks: its own script, with an npm that says only which command it got. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';

const gate = fileURLToPath(new URL('../../.ci', import.meta.url));

/** Runs the gate in a directory of its own; `commands` are cases of a shell that replace what npm would run. */
function run(commands: string) {
  const directory = mkdtempSync(join(tmpdir(), 'roundsman-gate-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  cpSync(gate, join(directory, '.ci'), { recursive: true });
  // What an installation has made.
  mkdirSync(join(directory, '.commands'));
  writeFileSync(join(directory, '.commands/cli.js'), 'x');
  const npm = `#!/bin/sh\ncase "$*" in\n${commands}\nesac\necho "npm $*"\n`;
  writeFileSync(join(directory, 'npm'), npm, { mode: 0o755 });
  const child = spawn(join(directory, '.ci/run'), {
    env: { PATH: `${directory}:${process.env.PATH}`, TMPDIR: directory },
    cwd: directory,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  const file = (name: string) => join(directory, name);
  return {
    child,
    file,
    async ended() {
      const [code] = (await once(child, 'close')) as [number];
      return { code, ran: out.trim().split('\n') };
    },
  };
}

const isAlive = (pidFile: string): boolean => {
  try {
    return process.kill(Number(readFileSync(pidFile, 'utf8')), 0);
  } catch {
    return false;
  }
};

test('the benches run beside the checks, and each says what it has to say in one piece before the tests begin', async () => {
  const { ended } = run(`
    'run bench:engine') echo begin; until [ -e checked ]; do sleep 0.05; done;;
    'run check') touch checked;;`);
  const { code, ran } = await ended();
  expect(code).toBe(0);
  expect(ran).toEqual([
    'npm ci',
    'npm run check',
    'begin',
    'npm run bench:engine',
    'npm run bench:rest',
    'npm run test:quick',
    'npm run chaos -- --minutes 1 --seed 1 --backend redis',
    'npm run chaos -- --minutes 1 --seed 1 --backend postgres',
  ]);
});

test.each(['bench:engine', 'bench:rest'])('%s that fails stops the gate', async (name) => {
  const { ended } = run(`'run ${name}') echo it broke; exit 7;;`);
  const { code, ran } = await ended();
  expect(code).toBe(7);
  expect(ran).toContain('it broke');
  expect(ran.at(-1)).not.toBe('npm run test:quick');
});

const benchThatWaits = `'run bench:engine') sleep 60 & echo $! > pid.part; mv pid.part pid; wait;;`;

test('checks that fail end the benches with all their processes', async () => {
  const { ended, file } = run(`
    ${benchThatWaits}
    'run check') until [ -e pid ]; do sleep 0.05; done; exit 3;;`);
  expect((await ended()).code).toBe(3);
  expect(existsSync(file('pid'))).toBe(true);
  await expect.poll(() => isAlive(file('pid'))).toBe(false);
});

test('a gate that is interrupted while it waits for the benches ends them', async () => {
  const { child, ended, file } = run(benchThatWaits);
  await expect.poll(() => existsSync(file('pid'))).toBe(true);
  const end = ended();
  child.kill('SIGTERM');
  expect((await end).code).toBe(143);
  await expect.poll(() => isAlive(file('pid'))).toBe(false);
});
