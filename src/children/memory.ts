import { readFile } from 'node:fs/promises';
import type { Child } from './child.ts';

/**
 * The memory that a process holds, in MB; null when the system does not tell (it has no /proc) or the process is gone.
 */
export async function residentMb(pid: number): Promise<number | null> {
  try {
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
    return kilobytes === undefined ? null : Number(kilobytes) / 1024;
  } catch {
    return null;
  }
}

/**
 * How much memory earlier tasks may add to a child: an eighth of the limit, or this many MB if that is more. A child also
 * grows by what it keeps on purpose, such as loaded modules.
 */
const baseAllowanceMb = { heap: 32, resident: 48 };

/**
 * Says which memory of a child has grown too much for another task; empty if none has. `memoryMb` is the limit in the child's
 * options.
 */
export function excessGrowth(
  { heap, resident }: { heap: number; resident: number },
  memoryMb: number,
): string[] {
  // The heap's limit is half of the memory, so its eighth is `memoryMb` / 16.
  const isHeap = heap > Math.max(baseAllowanceMb.heap, memoryMb / 16);
  const isResident = resident > Math.max(baseAllowanceMb.resident, memoryMb / 8);
  return [
    ...(isHeap ? [`${Math.round(heap)} MB in its heap`] : []),
    ...(isResident ? [`${Math.round(resident)} MB of memory`] : []),
  ];
}

const watchEveryMs = 200;

/** Ends each of `children` whose task uses more than `memoryMb`, also children that are added later. */
export function watchMemory(children: Iterable<Child>, memoryMb: number): { stop(): void } {
  async function checkMemory(): Promise<void> {
    for (const child of children) {
      if (!child.isBusy || child.pid === undefined) continue;
      const used = await residentMb(child.pid);
      // The memory by which earlier tasks let the child grow is not charged to this task.
      if (used !== null && used - child.growthMb.resident > memoryMb)
        child.kill(`it held ${Math.round(used)} MB; the limit is ${memoryMb} MB`, true);
    }
  }
  const timer = setInterval(() => void checkMemory(), watchEveryMs);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
