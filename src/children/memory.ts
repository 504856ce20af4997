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
 * Earlier tasks may leave an eighth of the limit, or these MB if that is more; they include what a warm process needs.
 */
const leastLeftMb = { heap: 32, resident: 48 };

/**
 * Says how much memory a child's tasks have left in it when that is too much for the next one; `memoryMb` as in its
 * options.
 */
export function tooMuchLeft(
  { heap, resident }: { heap: number; resident: number },
  memoryMb: number,
): string[] {
  // The heap gets half of the whole memory.
  const isHeap = heap > Math.max(leastLeftMb.heap, memoryMb / 16);
  const isResident = resident > Math.max(leastLeftMb.resident, memoryMb / 8);
  return [
    ...(isHeap ? [`${Math.round(heap)} MB in its heap`] : []),
    ...(isResident ? [`${Math.round(resident)} MB of memory`] : []),
  ];
}

const watchEveryMs = 200;

/** Ends each of `children` whose task holds more than `memoryMb`, also children that are added later. */
export function watchMemory(children: Iterable<Child>, memoryMb: number): { stop(): void } {
  async function look(): Promise<void> {
    for (const child of children) {
      if (!child.isBusy || child.pid === undefined) continue;
      const used = await residentMb(child.pid);
      // The memory that earlier tasks have left is not charged to this task.
      if (used !== null && used - child.leftMb.resident > memoryMb)
        child.kill(`it held ${Math.round(used)} MB; the limit is ${memoryMb} MB`, true);
    }
  }
  const watching = setInterval(() => void look(), watchEveryMs);
  watching.unref();
  return { stop: () => clearInterval(watching) };
}
