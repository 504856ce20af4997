import { readFile } from 'node:fs/promises';

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
