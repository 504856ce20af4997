/** `install systemd`: units that systemd itself finds right, written only where a person says so. */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { expect, onTestFinished, test } from 'vitest';
import { drainGraceMs } from '../../src/bin/engine.ts';
import { doubtsOf } from '../../src/services/install/doubts.ts';
import { systemdUnits } from '../../src/services/install/systemd-units.ts';
import { planUnits } from '../../src/services/install/write-units.ts';
import { start } from '../cli/command.ts';
import { installedFromDebian } from '../support/debian.ts';
import { hasTerminal, inTerminal } from '../support/terminal.ts';

const hasSystemd = installedFromDebian('systemd', () => existsSync('/usr/bin/systemd-analyze'));
const options = {
  node: '/usr/bin/env',
  program: '/opt/roundsman/run.js',
  user: 'daemon',
  settingsFile: '/etc/roundsman/env',
  config: '/opt/shop 100%/roundsman.config.ts',
};

function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'roundsman-units-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** The worker's template as the instance that a person starts. */
function unitsIn(folder: string): string[] {
  return systemdUnits(options).map(({ name, text }) => {
    const file = join(folder, name);
    writeFileSync(file, text);
    return file.replace('@.', '@1.');
  });
}

test.runIf(hasSystemd)(
  'systemd finds nothing wrong with them, and calls them well protected',
  () => {
    const folder = aFolder();
    const files = unitsIn(folder);
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', ...files], {
      encoding: 'utf8',
    });
    expect({ status, said: stderr.split('\n').filter((line) => line.includes(folder)) }).toEqual({
      status: 0,
      said: [],
    });
    for (const file of files) {
      const out = execFileSync(
        'systemd-analyze',
        ['security', '--offline=true', '--no-pager', file.replace('@1.', '@.')],
        { encoding: 'utf8' },
      );
      const score = Number(/Overall exposure level for .*: ([\d.]+)/.exec(out)?.[1]);
      console.log(`${file.slice(folder.length + 1)}: exposure ${score} of 10`);
      expect(score).toBeLessThanOrEqual(2);
    }
  },
);

test('they drain longer than the engine does, restart, and keep paths with spaces, % and $ together', () => {
  const [scheduler] = systemdUnits({
    ...options,
    node: '/opt/a b/50%/node',
    program: '/opt/$HOME/"q"/roundsman.js',
  });
  const { text } = scheduler!;
  expect(text).toContain(
    'ExecStart="/opt/a b/50%%/node" "/opt/$$HOME/\\"q\\"/roundsman.js" scheduler\n',
  );
  expect(Number(/^TimeoutStopSec=(\d+)$/m.exec(text)![1]) * 1000).toBeGreaterThan(
    drainGraceMs + 15_000,
  );
  for (const line of [
    'Restart=always',
    'KillMode=mixed',
    'User=daemon',
    'EnvironmentFile=/etc/roundsman/env',
    'ProtectHome=yes',
  ])
    expect(text.split('\n')).toContain(line);
  const [below] = systemdUnits({ ...options, program: '/home/ann/roundsman.js' });
  expect(below!.text).toContain('\nProtectHome=read-only\n');
});

test('accounts, paths and places that no unit can use are refused', () => {
  const node = process.execPath;
  const program = '/usr/bin/env';
  const plan = (change: object) => () =>
    planUnits(aFolder(), { ...options, config: program, node: program, program, ...change });
  expect(plan({})).not.toThrow();
  expect(plan({ user: 'root' })).toThrow('the processes need no right of root');
  expect(plan({ user: 'a b' })).toThrow('that is no name of an account');
  expect(plan({ settingsFile: 'env' })).toThrow('a unit names files by their whole path');
  expect(plan({ settingsFile: '/a\nExecStartPre=/bin/x' })).toThrow('--settings cannot be used');
  const closed = join(aFolder(), 'roundsman.js');
  expect(plan({ node, program: closed })).toThrow(/other accounts may not enter/);
});

const install = (folder: string, ...more: string[]) =>
  start('', ['install', 'systemd', '--folder', folder, ...more]).ended;

test('they are written, stay as they are, and are replaced only after a yes; nothing is started', async () => {
  const folder = aFolder();
  const dry = await install(folder, '--dry-run');
  if (dry.code === 2) {
    // This checkout lies where other accounts may not go, as below /root.
    expect(dry.err).toContain('/opt/roundsman');
    return;
  }
  expect(dry).toMatchObject({ code: 0, err: expect.stringContaining('nothing was written') });
  expect(readdirSync(folder)).toEqual([]);
  const first = await install(folder);
  expect(first.code, first.err).toBe(0);
  expect(first.out).toContain('Nothing was started. Next, as root:');
  expect(first.out).toContain(
    'systemctl enable --now roundsman-scheduler roundsman-worker@1 roundsman-web',
  );
  expect(readdirSync(folder).toSorted()).toEqual([
    'roundsman-scheduler.service',
    'roundsman-web.service',
    'roundsman-worker@.service',
  ]);
  expect((await install(folder)).out).toContain('Every unit is there as it is to be.');
  const file = join(folder, 'roundsman-web.service');
  const written = readFileSync(file, 'utf8');
  writeFileSync(file, '# mine\n');
  const refused = await install(folder);
  expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('--yes') });
  expect(readFileSync(file, 'utf8')).toBe('# mine\n');
  if (hasTerminal) {
    const args = ['install', 'systemd', '--folder', folder];
    await inTerminal('', args, [['Replace 1 unit?', 'n\r']]);
    expect(readFileSync(file, 'utf8')).toBe('# mine\n');
    await inTerminal('', args, [['Replace 1 unit?', 'y\r']]);
    expect(readFileSync(file, 'utf8')).toBe(written);
  }
  writeFileSync(file, '# mine\n');
  expect((await install(folder, '--yes')).code).toBe(0);
  expect(readFileSync(file, 'utf8')).toBe(written);
}, 120_000);

test('the units of a project load its bots', () => {
  for (const { text } of systemdUnits(options))
    expect(text).toContain('Environment="ROUNDSMAN_CONFIG=/opt/shop 100%%/roundsman.config.ts"\n');
  for (const { text } of systemdUnits({ ...options, config: null }))
    expect(text).not.toContain('ROUNDSMAN_CONFIG');
});

test('what the units would not see, and what their account may not read, is said', () => {
  const config = join(aFolder(), 'roundsman.config.ts');
  writeFileSync(config, '', { mode: 0o600 });
  const doubts = (more: Partial<typeof options>) => doubtsOf({ ...options, config, ...more });
  expect(doubts({}).at(-1)).toBe(
    `${config} may only be read by its owner: give it to daemon (chown), or let others read it (chmod o+r)`,
  );
  chmodSync(config, 0o644);
  expect(doubts({ program: '/tmp/own/run.js' })).toContainEqual(
    expect.stringMatching(/^\/tmp\/own\/run\.js lies below \/tmp, in place of which/),
  );
  expect(doubts({ program: '/tmpfiles/run.js' }).join()).not.toContain('tmpfiles');
});
