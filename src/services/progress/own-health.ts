/** Whether the process of this host is well: for the health checks of containers and service managers. */
import { sql } from 'kysely';
import { nodeTimeoutSeconds } from '../../database/node-timeout.ts';
import type { Db } from '../../database/connect.ts';
import { sendCanary, type CanaryResult } from './canary.ts';
import { stopInWords } from './canary-stop.ts';

export const healthRoles = ['scheduler', 'worker', 'web', 'up'] as const;
export type HealthRole = (typeof healthRoles)[number];

export interface OwnHealth {
  healthy: boolean;
  /** why, as a sentence without a full stop */
  reason: string;
  role: string | null;
  pid: number | null;
  /** since its newest heartbeat */
  silent_ms: number | null;
}

/**
 * Judges by the newest heartbeat of a process on this host, of any role or of this one; in a container the host is the container.
 * With `canary` it also sends a run through the whole installation. Rejects when the database does not answer.
 */
export async function ownHealth(
  db: Db,
  { host, role, canary }: { host: string; role: HealthRole | undefined; canary: boolean },
): Promise<OwnHealth> {
  const { rows } = await sql<{ role: string; pid: number; silent_ms: number }>`
    SELECT role, pid, silent_ms FROM (
      SELECT role, pid, heartbeat_at, host, (extract(epoch FROM engine.now() - heartbeat_at) * 1000)::int AS silent_ms FROM engine.nodes
      UNION ALL
      -- The listener of \`up\` is a part of it.
      SELECT role, pid, heartbeat_at, host, (extract(epoch FROM engine.now() - heartbeat_at) * 1000)::int FROM engine.listeners WHERE role = 'web'
    ) processes
    WHERE host = ${host} AND (${role ?? null}::text IS NULL OR role = ${role ?? null})
    ORDER BY heartbeat_at DESC LIMIT 1`.execute(db);
  const [found] = rows;
  const what = role ?? 'process';
  if (!found)
    return {
      healthy: false,
      reason: `no ${what} of this host (${host}) has registered`,
      role: null,
      pid: null,
      silent_ms: null,
    };
  const isAlive = found.silent_ms <= nodeTimeoutSeconds * 1000;
  const base = {
    ...found,
    healthy: isAlive,
    reason: isAlive
      ? `${found.role} ${found.pid} is alive`
      : `${found.role} ${found.pid} is silent, for more than ${nodeTimeoutSeconds} s`,
  };
  if (!canary || !isAlive) return base;
  const result: CanaryResult = await sendCanary(db);
  return result.passed
    ? { ...base, reason: `${base.reason}, and a canary run went through` }
    : { ...base, healthy: false, reason: `${base.reason}, and ${stopInWords(result)}` };
}
