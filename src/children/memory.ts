import { readFile } from 'node:fs/promises';
import type { Child } from './child.ts';

/** What a process holds in memory, in MB; null where the system does not say (it has no /proc) or the process is gone. */
export async function residentMb(pid: number): Promise<number | null> {
  try {
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
    return kilobytes === undefined ? null : Number(kilobytes) / 1024;
  } catch {
    return null;
  }
}

/** Earlier tasks may leave an eighth of the limit, and in MB at least so much: what warms up is among it. */
const leastLeftMb = { heap: 32, resident: 48 };

/** Memory that a child's tasks have left in it where that is too much for the next one; `memoryMb` as in its options. */
export function tooMuchLeft(
  { heap, resident }: { heap: number; resident: number },
  memoryMb: number,
): string[] {
  // Its heap gets half of all.
  const isHeap = heap > Math.max(leastLeftMb.heap, memoryMb / 16);
  const isResident = resident > Math.max(leastLeftMb.resident, memoryMb / 8);
  return [
    ...(isHeap ? [`${Math.round(heap)} MB in its heap`] : []),
    ...(isResident ? [`${Math.round(resident)} MB of memory`] : []),
  ];
}

const watchEveryMs = 200;

/** Ends each of `children` whose task holds more than `memoryMb`; those that come later, too. */
export function watchMemory(children: Iterable<Child>, memoryMb: number): { stop(): void } {
  async function look(): Promise<void> {
    for (const child of children) {
      if (!child.isBusy || child.pid === undefined) continue;
      const used = await residentMb(child.pid);
      // What earlier tasks have left is not this one's.
      if (used !== null && used - child.leftMb.resident > memoryMb)
        child.kill(`it held ${Math.round(used)} MB, and ${memoryMb} MB is the most`, true);
    }
  }
  const watching = setInterval(() => void look(), watchEveryMs);
  watching.unref();
  return { stop: () => clearInterval(watching) };
}
