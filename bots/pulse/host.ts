/** Checks whether the host on which the bot runs is short of memory or CPU. */
import { hostname } from 'node:os';
import { z } from '../../src/bot.ts';
import type { CheckContext, CheckResult, ReportedFinding } from '../../src/bot.ts';
import type { Config } from './config.ts';
import { readCpu, readMemory, systemFiles, type SystemFiles } from './read-host.ts';

const reading = z.object({
  /** the database's time, in ms since 1970 */
  at: z.number(),
  /** which counter of CPU time was read; null where there is none */
  of: z.string().nullable(),
  used: z.number(),
  /** in how many runs in a row each was above its limit */
  memoryRuns: z.int(),
  cpuRuns: z.int(),
});
type Reading = z.infer<typeof reading>;

/** A reading for each host, because each run of the bot may be on another one. */
const memory = z.record(z.string(), reading);

const maxHosts = 20;
/** A host on which the bot has not run for so long is gone, and its findings resolve. */
const goneAfterMs = 24 * 3_600_000;

/** The CPU time that was used between two readings, as percent of all CPU time; null where they cannot be compared. */
function cpuPercent(
  before: Reading | undefined,
  now: { at: number; of: string; used: number; cpus: number },
): number | null {
  const seconds = before ? (now.at - before.at) / 1_000 : 0;
  if (!before || before.of !== now.of || seconds <= 0 || now.used < before.used) return null;
  return Math.min(100, (100 * (now.used - before.used)) / (seconds * now.cpus));
}

const megabytes = (bytes: number) => Math.round(bytes / 1_048_576);

export async function checkHost(
  { max_memory_percent, max_cpu_percent, busy_runs }: Config,
  { now, remembered, skip }: Pick<CheckContext, 'now' | 'remembered' | 'skip'>,
  files: SystemFiles = systemFiles,
): Promise<CheckResult> {
  const name = hostname().slice(0, 80);
  const [memoryUse, cpu] = await Promise.all([readMemory(files), readCpu(files)]);
  if (!memoryUse && !cpu)
    skip(
      `neither ${files.cgroup} nor ${files.proc} says how much memory and CPU are used: run the worker of this bot on Linux, or let it read these`,
    );
  const read = memory.safeParse(remembered);
  const hosts = new Map(Object.entries(read.success ? read.data : {}));
  const at = now.getTime();
  const gone = [...hosts].filter(
    ([host, { at: seen }]) => host !== name && at - seen > goneAfterMs,
  );
  for (const [host] of gone) hosts.delete(host);
  const before = hosts.get(name);

  const memoryShare = memoryUse && (100 * memoryUse.used) / memoryUse.limit;
  const cpuShare = cpu && cpuPercent(before, { ...cpu, at });
  const memoryRuns =
    memoryShare !== null && memoryShare > max_memory_percent ? (before?.memoryRuns ?? 0) + 1 : 0;
  const cpuRuns = cpuShare !== null && cpuShare > max_cpu_percent ? (before?.cpuRuns ?? 0) + 1 : 0;
  hosts.delete(name);
  hosts.set(name, { at, of: cpu?.of ?? null, used: cpu?.used ?? 0, memoryRuns, cpuRuns });

  const findings: ReportedFinding[] = [];
  const about = { category: 'host', component: `host ${name}` };
  if (memoryUse && memoryRuns >= busy_runs)
    findings.push({
      ...about,
      severity: 'high',
      title: `Host ${name} is short of memory: ${memoryShare!.toFixed(0)} % are in use`,
      description: `${megabytes(memoryUse.used)} of ${megabytes(memoryUse.limit)} MB of the ${memoryUse.of}.`,
      key: `memory ${name}`,
      metadata: { ...memoryUse, runs: memoryRuns },
    });
  if (cpu && cpuRuns >= busy_runs)
    findings.push({
      ...about,
      severity: 'medium',
      title: `Host ${name} is short of CPU: ${cpuShare!.toFixed(0)} % are in use`,
      description: `Of ${cpu.cpus} CPUs, in ${cpuRuns} runs in a row.`,
      key: `cpu ${name}`,
      metadata: { cpus: cpu.cpus, runs: cpuRuns },
    });
  return {
    examined: [
      ...(memoryUse ? [`memory ${name}`] : []),
      ...(cpuShare === null ? [] : [`cpu ${name}`]),
      ...gone.flatMap(([host]) => [`memory ${host}`, `cpu ${host}`]),
    ],
    findings,
    figures: [
      ...(memoryUse
        ? [
            { name: 'memory in use', value: memoryShare!, unit: '%' },
            { name: 'memory limit', value: memoryUse.limit, unit: 'bytes' },
          ]
        : []),
      ...(cpuShare === null ? [] : [{ name: 'CPU in use', value: cpuShare, unit: '%' }]),
    ],
    remember: Object.fromEntries([...hosts].slice(-maxHosts)),
  };
}
