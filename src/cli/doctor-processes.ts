import { nodeSilenceSeconds, type Node } from '../data/bots/engine.ts';
import { nodeName } from '../services/progress/canary-stop.ts';
import { fail, ok, warn, type Diagnosis } from './doctor-diagnosis.ts';

const mostSkewMs = 2_000;

const called = (nodes: Node[]): string => nodes.map(nodeName).join(', ');

/** Who is alive by its heartbeat. That is well only where `progress` has proved that runs get through, too. */
export function examineProcesses(
  nodes: Node[],
  progress: Diagnosis | null,
  activeBots: number,
): Diagnosis[] {
  const alive = nodes.filter((node) => node.alive);
  const silent = nodes.filter((node) => !node.alive);
  const skewed = alive.filter(({ skew_ms }) => Math.abs(skew_ms ?? 0) > mostSkewMs);
  const found: Diagnosis[] = [];
  if (alive.length === 0)
    found.push(
      (activeBots > 0 ? fail : warn)(
        'Processes',
        'none is alive: nothing runs',
        'start one: `npx roundsman up`',
      ),
    );
  else if (progress?.status === 'ok') found.push(ok('Processes', called(alive)));
  else
    found.push(
      warn(
        'Processes',
        `${called(alive)}: alive by their heartbeats, which does not prove that runs move`,
        'see Progress',
      ),
    );
  if (silent.length > 0)
    found.push(
      warn(
        'Processes',
        `silent for more than ${nodeSilenceSeconds} s: ${called(silent)}`,
        'nothing, if they were killed: their runs are taken over; else look at their logs',
      ),
    );
  if (skewed.length > 0)
    found.push(
      warn(
        'Clock',
        `off from the database's: ${skewed.map((node) => `${nodeName(node)} by ${node.skew_ms} ms`).join(', ')}`,
        'synchronise those hosts with NTP',
      ),
    );
  return found;
}
