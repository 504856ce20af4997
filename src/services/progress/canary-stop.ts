/** Where a canary stopped, in words that say only what was observed. */
import type { CanaryRow } from '../../data/progress/canaries.ts';
import type { Node } from '../../data/bots/engine.ts';
import { denied, meaningOf, stateOf } from '../../database/faults/sql-states.ts';
import { messageOf } from '../../ground/errors.ts';
import { hintFor } from './canary-hint.ts';
import { fullInWords, schedulersOf, workersOf } from './facts.ts';

/** The legs (stages) of a run's way, in their order. */
export type Leg = 'claim' | 'queue' | 'child' | 'record';

export interface Stop {
  /** the leg that the canary did not get through; null when it could not be sent at all */
  leg: Leg | null;
  /** `busy`: every place has a run. `unknown`: the result does not show whether runs move */
  verdict: 'broken' | 'busy' | 'unknown';
  /** what was seen */
  detail: string;
  /** what to try */
  hint: string;
}

export interface SeenCanary {
  /** the row when the wait ended; null when nothing was sent because no scheduler is alive */
  row: CanaryRow | null;
  nodes: Node[];
  /** the number of places when all of them are busy, else null */
  full: number | null;
  legTimeoutMs: number;
}

/** `worker 4711 on host` */
export const nodeName = ({ role, host, pid }: Pick<Node, 'role' | 'host' | 'pid'>): string =>
  `${role} ${pid} on ${host}`;

/**
 * The stop of a canary that could not be sent, because the database refuses writes from this role or on this server. Throws any
 * other error again.
 */
export function stopAtRequest(error: unknown): Stop {
  if (stateOf(error) !== denied && meaningOf(error)?.fault !== 'read-only') throw error;
  return {
    leg: null,
    verdict: 'unknown',
    detail: `no canary could be sent, so nothing proves that runs move: ${messageOf(error)}`,
    hint: 'connect as the owner of the tables or as service_role, to a server that takes writes',
  };
}

/** The stop when another process has removed the row that shows how far the canary came. */
export const rowGone: Stop = {
  leg: null,
  verdict: 'unknown',
  detail:
    'the row of a canary was removed while it was under way, so nothing proves that runs move',
  hint: 'look again',
};

/** The stop in a sentence. */
export const stopInWords = ({ leg, verdict, detail }: Stop): string =>
  verdict === 'busy'
    ? `a canary run has not begun: ${detail}`
    : leg === null
      ? detail
      : `a canary run did not get through ${leg}: ${detail}`;

export function explainStop(seen: SeenCanary): Stop {
  const { row } = seen;
  if (!row?.claimed_at) return stopAtClaim(seen);
  if (!row.queued_at) return stopBeforeQueue(row, seen);
  if (!row.started_at) return stopInQueue(row, seen);
  const who = nodeNamed(row.worker, seen.nodes);
  const why = row.error ? `: ${row.error}` : ` within ${seconds(seen)}`;
  return row.answered_at
    ? stop(
        'record',
        `a child process answered, and ${who} did not record it${why}`,
        hintFor(row.error) ?? "look at that worker's log: its connections that record runs fail",
      )
    : stop(
        'child',
        `${who} took it, and no child process answered${why}`,
        hintFor(row.error) ??
          "look at that worker's log, and at its host's memory and number of processes (ROUNDSMAN_CHECK_MEMORY_MB, ROUNDSMAN_CONCURRENCY)",
      );
}

const stop = (leg: Leg, detail: string, hint: string): Stop => ({
  leg,
  verdict: 'broken',
  detail,
  hint,
});

const seconds = ({ legTimeoutMs }: SeenCanary): string => `${legTimeoutMs / 1000} s`;
const list = (nodes: Node[]): string => nodes.map(nodeName).join(', ');

const nodeNamed = (id: string | null, nodes: Node[]): string => {
  const node = nodes.find((each) => each.id === id);
  return node ? nodeName(node) : `a process that no longer exists (${id})`;
};

/** The processes of a version before canaries: they do not record which queue they use. */
const ofOlderVersion = (nodes: Node[]): Node[] => nodes.filter(({ queue }) => queue === null);

/**
 * A stop that proves nothing, because during an upgrade an older process may have taken the canary, or no newer process was
 * free. Null if no older process is alive.
 */
function stopOfOlder(leg: Leg, detail: string, alive: Node[]): Stop | null {
  const old = ofOlderVersion(alive);
  return old.length === 0
    ? null
    : {
        leg,
        verdict: 'unknown',
        detail,
        hint: `restart ${list(old)} with this version: an older one knows no canaries, so this says nothing about its runs`,
      };
}

function stopAtClaim(seen: SeenCanary): Stop {
  const schedulers = schedulersOf(seen.nodes);
  if (schedulers.length === 0)
    return stop(
      'claim',
      'no scheduler is alive to claim it',
      'start one with `npx roundsman scheduler`, or scheduler and worker with `npx roundsman up`',
    );
  const detail = `no scheduler claimed it within ${seconds(seen)}; alive by their heartbeats: ${list(schedulers)}`;
  return (
    stopOfOlder('claim', detail, schedulers) ??
    stop(
      'claim',
      detail,
      'look at the logs of the schedulers, and restart one that does not answer',
    )
  );
}

function stopBeforeQueue(row: CanaryRow, seen: SeenCanary): Stop {
  const { nodes } = seen;
  const scheduler = nodes.find(({ id }) => id === row.claimed_by);
  const where = scheduler?.queue ? `queue (${scheduler.queue})` : 'queue';
  const why = row.error ? `: ${row.error}` : ` within ${seconds(seen)}`;
  return stop(
    'queue',
    `${nodeNamed(row.claimed_by, nodes)} claimed it and could not put it into the ${where}${why}`,
    "check the server that holds the queue, and that scheduler's log",
  );
}

function stopInQueue(row: CanaryRow, seen: SeenCanary): Stop {
  const { nodes, full } = seen;
  const workers = workersOf(nodes);
  if (workers.length === 0)
    return stop(
      'queue',
      'it is in the queue, and no worker is alive to take it',
      'start one with `npx roundsman worker`, or scheduler and worker with `npx roundsman up`',
    );
  if (full !== null)
    return {
      leg: 'queue',
      verdict: 'busy',
      detail: `it waits first in the queue: ${fullInWords(full, nodes)}`,
      hint: 'look again when a run has ended (`npx roundsman runs list --status running`), or start another worker with `npx roundsman worker`',
    };
  const from = nodes.find(({ id }) => id === row.claimed_by);
  const others = workers.filter(({ queue }) => queue !== null && queue !== from?.queue);
  const thatKnows = ofOlderVersion(workers).length > 0 ? ' that knows canaries' : '';
  const detail = `the queue did not deliver it to a worker${thatKnows} within ${seconds(seen)}: ${nodeNamed(row.claimed_by, nodes)} put it into ${from?.queue ?? 'its queue'}, and alive by their heartbeats are ${workers.map(workerInWords).join(', ')}`;
  if (others.length > 0)
    return stop(
      'queue',
      detail,
      'give every process the same REDIS_URL, or none, and restart those with another one',
    );
  return (
    stopOfOlder('queue', detail, workers) ??
    stop(
      'queue',
      detail,
      'look at the logs of the workers, restart one that takes nothing, and see that the queue was not paused in BullMQ',
    )
  );
}

const workerInWords = (node: Node): string =>
  node.queue === null ? nodeName(node) : `${nodeName(node)} (takes from ${node.queue})`;
