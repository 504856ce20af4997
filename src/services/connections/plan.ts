/** How many connections to PostgreSQL a process opens at most, and how it stays below its limit. */
import type { ConnectionLimit } from '../../database/connection-limit.ts';
import { RoundsmanError } from '../../ground/errors.ts';
import { quotedIdentifier } from '../../ground/text.ts';
import type { BackendName } from '../../queue/backend.ts';

export type ProcessRole = 'up' | 'scheduler' | 'worker';

export interface ConnectionPlan {
  /** runs at once; 0 for a scheduler */
  places: number;
  /** the engine's own pool */
  engine: number;
  /** flushes at the same time; each has a connection, and the starts share one more */
  flushesAtOnce: number;
  /** BullMQ on PostgreSQL: one pool for adding entries, one for taking them */
  queue: number;
  queueWorker: number;
  /** whether a child more than there are places is kept ready */
  isOneAhead: boolean;
  total: number;
}

/** The pool of a process that starts. On your own database it is closed before the engine's pools open, so no plan counts it. */
export const sessionConnections = 2;

/**
 * The connections of `roundsman web`: one writes what arrives, the others answer what is asked meanwhile. It works with one, if
 * ROUNDSMAN_CONNECTIONS says so.
 */
export const webConnections = 4;

/** How many connections a child has: one for remedies and two for checks. */
const connectionsPerChild = 3;

type PlanParts = Omit<ConnectionPlan, 'total'>;

function totalOf(role: ProcessRole, backend: BackendName, wanted: PlanParts): number {
  const { places, engine, flushesAtOnce, queue, queueWorker, isOneAhead } = wanted;
  const onPostgres = backend === 'postgres';
  const common = engine + (onPostgres ? queue : 0);
  if (role === 'scheduler') return common;
  const children = connectionsPerChild * (places + Number(isOneAhead));
  return common + flushesAtOnce + 1 + (onPostgres ? queueWorker : 0) + children;
}

/**
 * The smallest plan. No part of the engine asks for a second connection of its pool while it holds one, so one more than there
 * are places is enough: leases and timers then wait for each other, and not for a run.
 */
const smallestPlan = (role: ProcessRole, places: number): PlanParts =>
  role === 'scheduler'
    ? { places: 0, engine: 2, flushesAtOnce: 0, queue: 1, queueWorker: 0, isOneAhead: false }
    : { places, engine: places + 1, flushesAtOnce: 1, queue: 1, queueWorker: 2, isOneAhead: false };

/** The plan of a process that no limit restricts. */
const fullPlan = (role: ProcessRole, places: number): PlanParts =>
  role === 'scheduler'
    ? { places: 0, engine: 6, flushesAtOnce: 0, queue: 4, queueWorker: 0, isOneAhead: false }
    : { places, engine: places + 4, flushesAtOnce: 2, queue: 4, queueWorker: 5, isOneAhead: true };

/** The parts that get the remaining connections, in this order. */
const growthOrder = ['flushesAtOnce', 'queueWorker', 'queue', 'isOneAhead', 'engine'] as const;

/** The server, the role or a setting allows fewer connections than one run needs. */
export class TooFewConnectionsError extends RoundsmanError {}

/**
 * The plan with as many places as fit into `limit`, `places` at most; without a limit, all of them. Throws {@link
 * TooFewConnectionsError}, which names the smallest number that would do, if not even one place fits.
 */
export function planConnections(
  role: ProcessRole,
  backend: BackendName,
  places: number,
  limit: ConnectionLimit | null,
): ConnectionPlan {
  const max = limit?.most ?? Infinity;
  const fits = (wanted: PlanParts) => totalOf(role, backend, wanted) <= max;
  let count = role === 'scheduler' ? 1 : places;
  while (count > 1 && !fits(smallestPlan(role, count))) count -= 1;
  const plan = smallestPlan(role, count);
  const wouldFitOnRedis = backend !== 'redis' && totalOf(role, 'redis', plan) <= max;
  if (!fits(plan))
    throw new TooFewConnectionsError({
      what: `${role === 'up' ? 'this process' : `a ${role}`} cannot work with so few connections to PostgreSQL`,
      why: `the limit of the ${limit!.of} is ${max}, and it needs ${totalOf(role, backend, plan)} at least, with BullMQ on ${backend}`,
      hint: `raise that limit (${howToRaise(limit!, totalOf(role, backend, plan))})${wouldFitOnRedis ? ', or set REDIS_URL, with which fewer are needed' : ''}; docs/operating.md has the table`,
    });
  const goal = fullPlan(role, count);
  for (const part of growthOrder) {
    if (part === 'isOneAhead') {
      if (goal.isOneAhead && fits({ ...plan, isOneAhead: true })) plan.isOneAhead = true;
      continue;
    }
    while (plan[part] < goal[part] && fits({ ...plan, [part]: plan[part] + 1 })) plan[part] += 1;
  }
  return { ...plan, total: totalOf(role, backend, plan) };
}

/** The statement or the setting that raises this limit to `least` connections. */
function howToRaise({ of }: ConnectionLimit, least: number): string {
  const [, kind, name] = /^(role|database) (.*)$/s.exec(of) ?? [];
  return kind && name
    ? `ALTER ${kind.toUpperCase()} ${quotedIdentifier(name)} CONNECTION LIMIT ${least}`
    : 'ALTER ROLE ... CONNECTION LIMIT, ROUNDSMAN_CONNECTIONS, max_connections';
}

/** The smaller of the operator's limit and the server's. */
export const smallerLimit = (
  given: number | undefined,
  ofServer: ConnectionLimit,
): ConnectionLimit =>
  given !== undefined && given <= ofServer.most
    ? { most: given, of: 'setting ROUNDSMAN_CONNECTIONS' }
    : ofServer;
