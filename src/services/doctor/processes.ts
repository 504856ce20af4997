import { nodeTimeoutSeconds, type Node } from '../../data/bots/engine.ts';
import { nodeName } from '../progress/canary-stop.ts';
import { botsThatAre, schedulersOf, workersOf, type Facts } from '../progress/facts.ts';
import { readOnlyInWords, takesNoWrites } from '../progress/read-only.ts';
import { maxSkewMs } from '../../maintain/clock.ts';
import { span } from '../../ground/text.ts';
import { fail, ok, warn, type Diagnosis } from './diagnosis.ts';

const namesOf = (nodes: Node[]): string => nodes.map(nodeName).join(', ');

/**
 * Which processes are alive by their heartbeat. That is a good result only if `progress` has also shown that runs get
 * through.
 */
export function examineProcesses(facts: Facts, progress: Diagnosis | null): Diagnosis[] {
  const { nodes, now } = facts;
  const alive = nodes.filter((node) => node.alive);
  const silent = nodes.filter((node) => !node.alive);
  const skewed = alive.filter(({ skew_ms }) => Math.abs(skew_ms ?? 0) > maxSkewMs);
  const found: Diagnosis[] = [];
  if (alive.length === 0 && takesNoWrites(facts))
    found.push(
      warn(
        'Processes',
        `it is not known which are alive: ${readOnlyInWords(facts.readOnly!)}, and so no heartbeats`,
        'see Database; processes that are alive go on by themselves once it takes writes',
      ),
    );
  else if (alive.length === 0)
    found.push(
      (botsThatAre(facts, 'active') > 0 ? fail : warn)(
        'Processes',
        'none is alive: nothing runs',
        'start one: `npx roundsman up`',
      ),
    );
  else if (progress?.status === 'ok') found.push(ok('Processes', namesOf(alive)));
  else
    found.push(
      warn(
        'Processes',
        `${namesOf(alive)}: alive by their heartbeats, which does not prove that runs move`,
        'see Progress',
      ),
    );
  found.push(...examineQueues(nodes));
  if (silent.length > 0 && !takesNoWrites(facts))
    found.push(
      warn(
        'Processes',
        `silent for more than ${nodeTimeoutSeconds} s: ${silent.map((node) => `${nodeName(node)} (${span(now.getTime() - node.heartbeat_at.getTime())})`).join(', ')}`,
        'if they were killed, do nothing: their runs are taken over; otherwise look at their logs',
      ),
    );
  if (skewed.length > 0)
    found.push(
      warn(
        'Clock',
        `not as the database's: ${skewed.map((node) => `${nodeName(node)} by ${node.skew_ms} ms`).join(', ')}`,
        'synchronise those hosts with NTP',
      ),
    );
  return found;
}

/** Each worker must take its runs from the queue into which schedulers put them, and not from another one. */
function examineQueues(nodes: Node[]): Diagnosis[] {
  const queues = schedulersOf(nodes).flatMap(({ queue }) => queue ?? []);
  const wrong = workersOf(nodes).filter(({ queue }) => queue !== null && !queues.includes(queue));
  if (queues.length === 0 || wrong.length === 0) return [];
  return [
    warn(
      'Processes',
      `${wrong.map((node) => `${nodeName(node)} takes runs from ${node.queue}`).join(', ')}, and schedulers put them into ${[...new Set(queues)].join(', ')}`,
      'give every process the same REDIS_URL, or none, and restart those with another one',
    ),
  ];
}
