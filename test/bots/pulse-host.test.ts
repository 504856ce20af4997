import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { pulse } from '../../bots/pulse.ts';
import { checkHost } from '../../bots/pulse/host.ts';
import { readCpu, readMemory, systemFiles } from '../../bots/pulse/read-host.ts';
import { SkippedCheck } from '../../src/bot.ts';
import { runCheck } from '../support/check.ts';
import { testDatabase } from '../support/database.ts';

let root: string;
const made: string[] = [];
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'pulse-host-'));
  made.push(root);
});
afterAll(() => Promise.all(made.map((path) => rm(path, { recursive: true }))));

const places = () => ({ cgroup: join(root, 'cgroup'), proc: join(root, 'proc') });
async function write(files: Record<string, string>) {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), text);
  }
}

const GB = 1_073_741_824;
const meminfo =
  'MemTotal:       4194304 kB\nMemFree:         100000 kB\nMemAvailable:   3145728 kB\n';

describe('memory', () => {
  test('is that of the cgroup, without what the kernel takes back before memory is short', async () => {
    await write({
      'proc/self/cgroup': '0::/\n',
      'proc/meminfo': meminfo,
      'cgroup/memory.max': `${2 * GB}\n`,
      'cgroup/memory.current': `${1.5 * GB}\n`,
      'cgroup/memory.stat': `anon 5\nfile ${0.75 * GB}\ninactive_file ${0.5 * GB}\nactive_file ${0.25 * GB}\nslab_reclaimable ${0.25 * GB}\n`,
    });
    expect(await readMemory(places())).toEqual({ of: 'cgroup', used: 0.5 * GB, limit: 2 * GB });
  });

  test('is that of the cgroup above, where that one has the limit, and of the tightest of several', async () => {
    await write({
      'proc/self/cgroup': '1:name=systemd:/\n0::/system.slice/app.service\n',
      'cgroup/system.slice/app.service/memory.max': 'max\n',
      'cgroup/system.slice/app.service/memory.current': '1000\n',
      'cgroup/system.slice/memory.max': `${GB}\n`,
      'cgroup/system.slice/memory.current': `${GB / 4}\n`,
    });
    expect(await readMemory(places())).toMatchObject({ used: GB / 4, limit: GB });
    await write({ 'cgroup/system.slice/app.service/memory.max': '2000\n' });
    expect(await readMemory(places())).toMatchObject({ used: 1_000, limit: 2_000 });
  });

  test('is that of the machine where no cgroup has a limit, and unknown where nothing tells', async () => {
    expect(await readMemory(places())).toBeNull();
    await write({ 'proc/meminfo': meminfo, 'cgroup/memory.max': 'max\n' });
    expect(await readMemory(places())).toEqual({ of: 'machine', used: GB, limit: 4 * GB });
    await write({ 'proc/meminfo': 'MemTotal: 0 kB\n' });
    expect(await readMemory(places())).toBeNull();
  });
});

describe('cgroups of version 1', () => {
  test('tell their memory by names of their own, and a limit that is none', async () => {
    const own = 'cgroup/memory/docker/abc';
    await write({
      'proc/self/cgroup': '5:memory:/docker/abc\n4:cpu,cpuacct:/docker/abc\n0::/\n',
      'proc/meminfo': meminfo,
      'cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n',
      'cgroup/memory/memory.usage_in_bytes': `${3 * GB}\n`,
      [`${own}/memory.limit_in_bytes`]: `${2 * GB}\n`,
      [`${own}/memory.usage_in_bytes`]: `${1.5 * GB}\n`,
      [`${own}/memory.stat`]: `cache 7\ninactive_file 1\ntotal_inactive_file ${0.5 * GB}\ntotal_active_file ${0.25 * GB}\n`,
    });
    expect(await readMemory(places())).toEqual({ of: 'cgroup', used: 0.75 * GB, limit: 2 * GB });
    await write({ [`${own}/memory.limit_in_bytes`]: `${64 * GB}\n` });
    expect(await readMemory(places())).toMatchObject({ of: 'machine' });
  });

  test('count CPU time in another tree than the one with the quota', async () => {
    await write({
      'proc/self/cgroup': '5:cpuacct:/docker/abc\n4:cpu:/docker/abc\n',
      'proc/stat': 'cpu  100 20 30 5000 9 1 2 0 50 0\ncpu0 1 1 1 1\n',
      'cgroup/cpu/docker/abc/cpu.cfs_quota_us': '-1\n',
      'cgroup/cpu/docker/abc/cpu.cfs_period_us': '100000\n',
      'cgroup/cpuacct/docker/abc/cpuacct.usage': '2500000000\n',
    });
    expect(await readCpu(places())).toMatchObject({ used: 1.53, cpus: 1 });
    await write({ 'cgroup/cpu/docker/abc/cpu.cfs_quota_us': '150000\n' });
    expect(await readCpu(places())).toMatchObject({ used: 2.5, cpus: 1.5 });
  });

  test('are those of the container where the path is that of the host', async () => {
    await write({
      'proc/self/cgroup': '5:memory:/docker/abc\n',
      'proc/meminfo': meminfo,
      'cgroup/memory/memory.limit_in_bytes': `${GB}\n`,
      'cgroup/memory/memory.usage_in_bytes': `${GB / 2}\n`,
    });
    expect(await readMemory(places())).toMatchObject({ used: GB / 2, limit: GB });
  });
});

test('CPU time is that of the cgroup with a quota, else of the machine', async () => {
  expect(await readCpu(places())).toBeNull();
  await write({
    'proc/stat': 'cpu  100 20 30 5000 9 1 2 0 50 0\ncpu0 1 1 1 1\n',
    'proc/sys/kernel/random/boot_id': 'b00t\n',
    'cgroup/cpu.stat': 'usage_usec 2500000\nuser_usec 1\n',
    'cgroup/cpu.max': 'max 100000\n',
  });
  expect(await readCpu(places())).toMatchObject({ of: 'machine b00t', used: 1.53 });
  await write({ 'cgroup/cpu.max': '150000 100000\n' });
  expect(await readCpu(places())).toMatchObject({ used: 2.5, cpus: 1.5 });
});

test('CPUs of the machine are all of its own, also where this process may use fewer of them', async () => {
  const cpus = Array.from({ length: 64 }, (_, i) => `cpu${i} 1 2 3 4`).join('\n');
  await write({ 'proc/stat': `cpu  100 20 30 5000 9 1 2 0 50 0\n${cpus}\nintr 5 0 0\n` });
  expect(await readCpu(places())).toMatchObject({ used: 1.53, cpus: 64 });
});

describe('the check', () => {
  const name = hostname().slice(0, 80);
  const config = (more = {}) =>
    pulse.config.parse({ busy_runs: 2, ...more }) as Parameters<typeof checkHost>[0];
  const start = new Date('2026-03-04T14:30:00Z');
  let remembered: unknown = null;
  beforeEach(() => {
    remembered = null;
  });
  async function look(minutes: number, more = {}) {
    const result = await checkHost(
      config(more),
      {
        now: new Date(start.getTime() + minutes * 60_000),
        remembered,
        skip(reason) {
          throw new SkippedCheck(reason);
        },
      },
      places(),
    );
    remembered = JSON.parse(JSON.stringify(result.remember));
    return result;
  }
  const memory = (share: number) =>
    write({
      'cgroup/memory.max': `${GB}\n`,
      'cgroup/memory.current': `${Math.round(share * GB)}\n`,
    });
  const cpu = (seconds: number) =>
    write({
      'cgroup/cpu.max': '200000 100000\n',
      'cgroup/cpu.stat': `usage_usec ${seconds * 1e6}\n`,
    });

  test('is skipped where the system tells nothing', async () => {
    await expect(look(0)).rejects.toThrow('neither ');
  });

  test('memory above the limit is a finding when it lasts', async () => {
    await memory(0.89);
    expect(await look(0)).toMatchObject({ findings: [], examined: [`memory ${name}`] });
    await memory(0.95);
    expect((await look(1)).findings).toEqual([]);
    expect((await look(2)).findings).toMatchObject([
      {
        severity: 'high',
        component: `host ${name}`,
        key: `memory ${name}`,
        title: `Host ${name} is short of memory: 95 % are in use`,
      },
    ]);
    await memory(0.2);
    expect((await look(3)).findings).toEqual([]);
    await memory(0.95);
    expect((await look(4)).findings).toEqual([]);
  });

  test('CPU is what was used between two runs', async () => {
    await cpu(1_000);
    const first = await look(0);
    expect(first).toMatchObject({ examined: [], findings: [], figures: [] });
    await cpu(1_060);
    expect((await look(1)).figures).toEqual([{ name: 'CPU in use', value: 50, unit: '%' }]);
    await cpu(1_178);
    expect((await look(2)).findings).toEqual([]);
    await cpu(1_298);
    expect((await look(3)).findings).toMatchObject([
      {
        severity: 'medium',
        key: `cpu ${name}`,
        title: `Host ${name} is short of CPU: 100 % are in use`,
      },
    ]);
    // The counter begins again: nothing is known.
    await cpu(3);
    expect(await look(4)).toMatchObject({ examined: [], findings: [] });
  });

  test('what was found about a host that is gone for a day is over', async () => {
    await memory(0.5);
    remembered = {
      gone: { at: start.getTime() - 25 * 3_600_000, of: null, used: 0, memoryRuns: 9, cpuRuns: 0 },
      other: { at: start.getTime() - 3_600_000, of: null, used: 0, memoryRuns: 9, cpuRuns: 0 },
    };
    expect((await look(0)).examined).toEqual([`memory ${name}`, 'memory gone', 'cpu gone']);
    expect(Object.keys(remembered as object)).toEqual(['other', name]);
  });

  test('many hosts and odd memories are bounded', async () => {
    await memory(0.5);
    remembered = Object.fromEntries(
      Array.from({ length: 100 }, (_, i) => [
        `host-${i}-${'x'.repeat(70)}`,
        { at: start.getTime(), of: 'machine '.padEnd(60, 'x'), used: 1, memoryRuns: 0, cpuRuns: 0 },
      ]),
    );
    await look(0);
    expect(JSON.stringify(remembered).length).toBeLessThan(16_384);
    remembered = { x: 'odd' };
    expect((await look(1)).findings).toEqual([]);
  });
});

test('this system is read, or says nothing', async () => {
  const [memory, cpu] = await Promise.all([readMemory(systemFiles), readCpu(systemFiles)]);
  if (process.platform !== 'linux') return;
  expect(memory!.used).toBeGreaterThan(0);
  expect(memory!.used).toBeLessThanOrEqual(memory!.limit * 1.1);
  expect(cpu!.used).toBeGreaterThan(0);
});

test.runIf(process.platform === 'linux')(
  'this machine is found, with limits below what it uses, and not with those that are usual',
  async () => {
    const { db } = await testDatabase();
    const look = (config: Record<string, unknown>, remembered: unknown) =>
      runCheck(pulse, 'host', db, { busy_runs: 1, ...config }, { remembered });
    const unusual = { max_memory_percent: 0, max_cpu_percent: 0 };
    const first = await look(unusual, null);
    expect(first.findings).toMatchObject([{ title: expect.stringContaining('short of memory') }]);
    // CPU time is counted in hundredths of a second.
    for (const until = performance.now() + 300; performance.now() < until;) Math.sqrt(until);
    expect((await look(unusual, first.remember)).findings).toMatchObject([
      { title: expect.stringContaining('short of memory') },
      { title: expect.stringContaining('short of CPU') },
    ]);
    const usual = { max_memory_percent: 100, max_cpu_percent: 100 };
    expect((await look(usual, first.remember)).findings).toEqual([]);
  },
);
