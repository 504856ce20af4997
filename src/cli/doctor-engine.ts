import type { Config } from '../config.ts';
import { countBots, botsInError } from '../data/bots/overview.ts';
import { listNodes, nodeSilenceSeconds, type Node } from '../data/bots/engine.ts';
import type { Db } from '../data/connect.ts';
import { configuredBackend, recordedBackend } from '../queue/backend.ts';
import { fail, ok, warn, type Diagnosis } from './doctor-diagnosis.ts';

const mostSkewMs = 2_000;

/** The queue, the processes and the bots of a migrated database. */
export async function examineEngine(db: Db, config: Config): Promise<Diagnosis[]> {
  return [
    examineQueue(await recordedBackend(db), config),
    ...examineNodes(await listNodes(db)),
    await examineBots(db),
  ];
}

function examineQueue(recorded: string | null, config: Config): Diagnosis {
  const configured = configuredBackend(config);
  if (recorded === null)
    return ok('Queue', `none recorded yet; the first process takes BullMQ on ${configured}`);
  if (recorded === configured) return ok('Queue', `BullMQ on ${recorded}, as recorded`);
  return fail(
    'Queue',
    `runs are queued on ${recorded}, and this configuration says ${configured}`,
    `${recorded === 'redis' ? 'set REDIS_URL' : 'unset REDIS_URL'}, or stop all processes and run \`npx roundsman db queue ${configured}\``,
  );
}

const called = ({ role, host, pid }: Node): string => `${role} ${pid} on ${host}`;

function examineNodes(nodes: Node[]): Diagnosis[] {
  const alive = nodes.filter((node) => node.alive);
  const silent = nodes.filter((node) => !node.alive);
  const skewed = alive.filter(({ skew_ms }) => Math.abs(skew_ms ?? 0) > mostSkewMs);
  const found: Diagnosis[] = [
    alive.length > 0
      ? ok('Processes', alive.map(called).join(', '))
      : warn('Processes', 'none is alive: nothing runs', 'start one: `npx roundsman up`'),
  ];
  if (silent.length > 0)
    found.push(
      warn(
        'Processes',
        `silent for more than ${nodeSilenceSeconds} s: ${silent.map(called).join(', ')}`,
        'nothing, if they were killed: their runs are taken over; else look at their logs',
      ),
    );
  if (skewed.length > 0)
    found.push(
      warn(
        'Clock',
        `off from the database's: ${skewed.map((node) => `${called(node)} by ${node.skew_ms} ms`).join(', ')}`,
        'synchronise those hosts with NTP',
      ),
    );
  return found;
}

async function examineBots(db: Db): Promise<Diagnosis> {
  const counts = await countBots(db);
  const countOf = (wanted: string) => counts.find(({ status }) => status === wanted)?.count ?? 0;
  const inError = await botsInError(db);
  if (inError.length > 0)
    return fail(
      'Bots',
      `${countOf('error')} in error: ${inError.map(({ name, status_reason }) => `${name} (${status_reason ?? 'no reason recorded'})`).join('; ')}`,
      `\`npx roundsman bots edit ${inError[0]!.name}\` with a definition that can run`,
    );
  if (counts.length === 0)
    return warn(
      'Bots',
      'there are none',
      'run `npx roundsman up`, which brings the built-in ones along',
    );
  return ok('Bots', `${countOf('active')} active, none in error`);
}
