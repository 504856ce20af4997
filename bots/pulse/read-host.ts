/**
 * Reads how much CPU and memory is in use: of the cgroup (version 2) that limits this process, where there is one, else of
 * the whole machine. What the system does not tell is null.
 */
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

/** The directories in which the system says it. */
export interface SystemFiles {
  cgroup: string;
  proc: string;
}

export const systemFiles: SystemFiles = { cgroup: '/sys/fs/cgroup', proc: '/proc' };

export interface CpuTime {
  /** which counter was read: that of another cgroup, or of the machine before a restart, cannot be compared with it */
  of: string;
  /** CPU time that was used until now, in seconds */
  used: number;
  /** how many seconds of CPU there are in a second */
  cpus: number;
}

export interface MemoryUse {
  of: string;
  used: number;
  limit: number;
}

const read = (path: string): Promise<string | null> => readFile(path, 'utf8').catch(() => null);

/** A number after a name at the beginning of a line; null where it is not there. */
function figureOf(text: string | null, name: string): number | null {
  const found = text === null ? null : new RegExp(`^${name}[:\\s]+(\\d+)`, 'm').exec(text)?.[1];
  return found === null || found === undefined ? null : Number(found);
}

/** A file of one number; null for `max` and for a file that is not there. */
const numberIn = (text: string | null): number | null =>
  text !== null && /^\d+\s*$/.test(text) ? Number(text) : null;

/** The process's own cgroup and those above it: any of them may have the limit. */
async function cgroupsOf({ cgroup, proc }: SystemFiles): Promise<string[]> {
  const own = /^0::(\/.*)$/m.exec((await read(join(proc, 'self/cgroup'))) ?? '')?.[1];
  // In a container, the path may be the host's, which is not there: then the root is the container's own.
  const parts = own?.split('/').filter((part) => part !== '' && part !== '..') ?? [];
  return parts.map((_, i) => join(cgroup, ...parts.slice(0, parts.length - i))).concat(cgroup);
}

/**
 * What the kernel takes back before memory is short: copies of files, also those that were read lately, and its own caches. In
 * MemAvailable it does not count them as used either.
 */
const reclaimable = ['inactive_file', 'active_file', 'slab_reclaimable'];

async function memoryOfCgroup(path: string): Promise<MemoryUse | null> {
  const [limit, current, stat] = await Promise.all([
    read(join(path, 'memory.max')).then(numberIn),
    read(join(path, 'memory.current')).then(numberIn),
    read(join(path, 'memory.stat')),
  ]);
  if (limit === null || limit === 0 || current === null) return null;
  const spare = reclaimable.reduce((sum, name) => sum + (figureOf(stat, name) ?? 0), 0);
  return { of: 'cgroup', used: Math.max(0, current - spare), limit };
}

/** The memory of the cgroup that is nearest to its limit; without a limit that of the machine. */
export async function readMemory(files: SystemFiles): Promise<MemoryUse | null> {
  const limited = (await Promise.all((await cgroupsOf(files)).map(memoryOfCgroup))).filter(
    (each) => each !== null,
  );
  const [tightest] = limited.toSorted((a, b) => b.used / b.limit - a.used / a.limit);
  if (tightest) return tightest;
  const text = await read(join(files.proc, 'meminfo'));
  const [total, available] = [figureOf(text, 'MemTotal'), figureOf(text, 'MemAvailable')];
  if (!total || available === null) return null;
  return { of: 'machine', used: (total - available) * 1_024, limit: total * 1_024 };
}

async function cpuOfCgroup(path: string): Promise<CpuTime | null> {
  const [limit, used] = await Promise.all([
    read(join(path, 'cpu.max')),
    read(join(path, 'cpu.stat')).then((text) => figureOf(text, 'usage_usec')),
  ]);
  const [, quota, period] = /^(\d+) (\d+)/.exec(limit ?? '') ?? [];
  if (used === null || !quota || !Number(period)) return null;
  return { of: `cgroup ${path}`, used: used / 1e6, cpus: Number(quota) / Number(period) };
}

/** Linux counts CPU time in jiffies, which are hundredths of a second on all architectures that Node runs on. */
const jiffiesPerSecond = 100;

/** The CPU time of the innermost cgroup that has a quota; without one that of the machine. */
export async function readCpu(files: SystemFiles): Promise<CpuTime | null> {
  for (const path of await cgroupsOf(files)) {
    const limited = await cpuOfCgroup(path);
    if (limited) return limited;
  }
  const stat = (await read(join(files.proc, 'stat'))) ?? '';
  const line = /^cpu +([\d ]+)$/m.exec(stat)?.[1];
  if (!line) return null;
  // Not availableParallelism: this process may be allowed fewer CPUs, and the time is that of all of them.
  const cpus = stat.match(/^cpu\d+ /gm)?.length ?? availableParallelism();
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = line.split(' ').map(Number);
  const boot = (await read(join(files.proc, 'sys/kernel/random/boot_id')))?.trim();
  const used = (user + nice + system + irq + softirq) / jiffiesPerSecond;
  return { of: `machine ${boot ?? ''}`, used, cpus };
}
