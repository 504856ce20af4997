/**
 * Reads what limits this process: its cgroup and those above it, of version 2, or of version 1, where memory and CPU have a
 * tree each.
 */
import { join } from 'node:path';
import { figureOf, numberAt, read } from './read-figures.ts';
import type { CpuTime, MemoryUse, SystemFiles } from './read-host.ts';

/** A cgroup's directories: the one with its limit, and the one with its CPU time, which version 1 has in another tree. */
interface Cgroup {
  path: string;
  countedAt: string;
}

/** The process's own cgroup of a controller (`''`: version 2) and those above it: any of them may have the limit. */
async function cgroupsOf({ cgroup, proc }: SystemFiles, controller: string): Promise<string[]> {
  const lines = ((await read(join(proc, 'self/cgroup'))) ?? '').split('\n');
  const own = lines
    .map((line) => /^\d+:([^:]*):(\/.*)$/.exec(line))
    .find((found) => found?.[1]!.split(',').includes(controller))?.[2];
  // In a container, the path may be the host's, which is not there: then the root is the container's own.
  const parts = own?.split('/').filter((part) => part !== '' && part !== '..') ?? [];
  const root = join(cgroup, controller);
  return parts.map((_, i) => join(root, ...parts.slice(0, parts.length - i))).concat(root);
}

/**
 * What the kernel takes back before memory is short: copies of files, also those that were read lately, and its own caches. In
 * MemAvailable it does not count them as used either. Version 1 counts those of the cgroups below by names of their own.
 */
const reclaimable = ['inactive_file', 'active_file', 'slab_reclaimable'];
const reclaimableInVersion1 = ['total_inactive_file', 'total_active_file'];

/** Version 1 writes this where there is no limit: the highest number of pages, in bytes. */
const noLimit = 2 ** 60;

async function memoryIn(
  path: string,
  [limitFile, useFile]: [string, string],
  spareNames: readonly string[],
): Promise<MemoryUse | null> {
  const [limit, current, stat] = await Promise.all([
    numberAt(join(path, limitFile)),
    numberAt(join(path, useFile)),
    read(join(path, 'memory.stat')),
  ]);
  if (limit === null || limit === 0 || limit >= noLimit || current === null) return null;
  const spare = spareNames.reduce((sum, name) => sum + (figureOf(stat, name) ?? 0), 0);
  return { of: 'cgroup', used: Math.max(0, current - spare), limit };
}

/** The memory of each cgroup of this process that has a limit. */
export async function memoryOfCgroups(files: SystemFiles): Promise<MemoryUse[]> {
  const [second, first] = await Promise.all([cgroupsOf(files, ''), cgroupsOf(files, 'memory')]);
  const found = await Promise.all([
    ...second.map((path) => memoryIn(path, ['memory.max', 'memory.current'], reclaimable)),
    ...first.map((path) =>
      memoryIn(path, ['memory.limit_in_bytes', 'memory.usage_in_bytes'], reclaimableInVersion1),
    ),
  ]);
  return found.filter((each) => each !== null);
}

async function cpuOf({ path, countedAt }: Cgroup): Promise<CpuTime | null> {
  const [limit, used] = await Promise.all([
    read(join(path, 'cpu.max')),
    read(join(path, 'cpu.stat')).then((text) => figureOf(text, 'usage_usec')),
  ]);
  const [, quota, period] = /^(\d+) (\d+)/.exec(limit ?? '') ?? [];
  if (used !== null && quota && Number(period))
    return { of: `cgroup ${path}`, used: used / 1e6, cpus: Number(quota) / Number(period) };
  const [quota1, period1, nanoseconds] = await Promise.all([
    numberAt(join(path, 'cpu.cfs_quota_us')),
    numberAt(join(path, 'cpu.cfs_period_us')),
    numberAt(join(countedAt, 'cpuacct.usage')),
  ]);
  return quota1 && period1 && nanoseconds !== null
    ? { of: `cgroup ${countedAt}`, used: nanoseconds / 1e9, cpus: quota1 / period1 }
    : null;
}

/** The CPU time of the innermost cgroup that has a quota; null where none has. */
export async function cpuOfCgroups(files: SystemFiles): Promise<CpuTime | null> {
  const [second, first, counting] = await Promise.all(
    ['', 'cpu', 'cpuacct'].map((controller) => cgroupsOf(files, controller)),
  );
  const all = [
    ...second!.map((path) => ({ path, countedAt: path })),
    // Both trees of version 1 have the same path from their root on.
    ...first!.map((path, i) => ({ path, countedAt: counting![i] ?? counting!.at(-1)! })),
  ];
  for (const each of all) {
    const limited = await cpuOf(each);
    if (limited) return limited;
  }
  return null;
}
