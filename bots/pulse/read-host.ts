/**
 * Reads how much CPU and memory is in use: of the cgroup that limits this process, where there is one, else of the whole
 * machine. What the system does not tell is null.
 */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { cpuOfCgroups, memoryOfCgroups } from './read-cgroup.ts';
import { figureOf, read } from './read-figures.ts';

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

/** The memory of the cgroup that is nearest to its limit; without a limit that of the machine. */
export async function readMemory(files: SystemFiles): Promise<MemoryUse | null> {
  const text = await read(join(files.proc, 'meminfo'));
  const [total, available] = [figureOf(text, 'MemTotal'), figureOf(text, 'MemAvailable')];
  // A limit above what the machine has limits nothing.
  const [tightest] = (await memoryOfCgroups(files))
    .filter(({ limit }) => !total || limit <= total * 1_024)
    .toSorted((a, b) => b.used / b.limit - a.used / a.limit);
  if (tightest) return tightest;
  if (!total || available === null) return null;
  return { of: 'machine', used: (total - available) * 1_024, limit: total * 1_024 };
}

/** Linux counts CPU time in jiffies, which are hundredths of a second on all architectures that Node runs on. */
const jiffiesPerSecond = 100;

/** The CPU time of the innermost cgroup that has a quota; without one that of the machine. */
export async function readCpu(files: SystemFiles): Promise<CpuTime | null> {
  const limited = await cpuOfCgroups(files);
  if (limited) return limited;
  const stat = (await read(join(files.proc, 'stat'))) ?? '';
  const line = /^cpu +([\d ]+)$/m.exec(stat)?.[1];
  if (!line) return null;
  // Not `availableParallelism`: this process may be allowed fewer CPUs, and the time is that of all of them.
  const cpus = stat.match(/^cpu\d+ /gm)?.length ?? availableParallelism();
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = line.split(' ').map(Number);
  const boot = (await read(join(files.proc, 'sys/kernel/random/boot_id')))?.trim();
  const used = (user + nice + system + irq + softirq) / jiffiesPerSecond;
  return { of: `machine ${boot ?? ''}`, used, cpus };
}
