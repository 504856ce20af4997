/** Lines a second of this process: by its CPU time, which other processes of the machine do not change, and by the clock. */

export interface Times {
  cpu: NodeJS.CpuUsage;
  wall: number;
}

export const startTimes = (): Times => ({ cpu: process.cpuUsage(), wall: performance.now() });

export function linesPerSecond(lines: number, since: Times): { cpu: number; wall: number } {
  const { user, system } = process.cpuUsage(since.cpu);
  return {
    cpu: lines / ((user + system) / 1e6),
    wall: lines / ((performance.now() - since.wall) / 1e3),
  };
}

/** Seconds of CPU since then. */
export function cpuSeconds({ cpu }: Times): number {
  const { user, system } = process.cpuUsage(cpu);
  return (user + system) / 1e6;
}
