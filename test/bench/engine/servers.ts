/** The servers of a bench: a PostgreSQL and a Redis as in production (in small without fsync), and what they cost. */
import { readdirSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type Db } from '../../../src/database/connect.ts';
import { startThrowaway } from '../../../src/database/embedded/throwaway.ts';
import { migrateToLatest } from '../../../src/database/migrate/migrate.ts';
import { migrateQueue, queuePrefix } from '../../../src/queue/backend.ts';
import { onPostgres } from '../../../src/queue/postgres.ts';
import { onRedis } from '../../../src/queue/redis.ts';
import { startRedis } from '../../support/redis.ts';
import { isSmall } from '../size.ts';

export interface Servers {
  postgresUrl: string;
  redisUrl: string;
  /** PostgreSQL's and Redis's */
  pids: number[];
  db: Db;
  stop(): Promise<void>;
}

export async function startServers(): Promise<Servers> {
  const directory = await mkdtemp(join(tmpdir(), 'roundsman-bench-'));
  // The server may run as another user, who has to get in.
  await chmod(directory, 0o755);
  const postgres = await startThrowaway(join(directory, 'postgres'), { fsync: !isSmall });
  const redis = await startRedis(directory);
  if (!redis) throw new Error('the bench needs a Redis');
  const db = connect(postgres.url, { max: 20, statementTimeoutMs: 0 });
  await migrateToLatest(db);
  await migrateQueue(postgres.url);
  return {
    postgresUrl: postgres.url,
    redisUrl: redis.url,
    pids: [postgres.pid, pidOf(new URL(redis.url).port)],
    db,
    async stop() {
      await db.destroy();
      await redis.stop();
      await postgres.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** How many of our entries wait in BullMQ. */
export async function waitingEntries(
  { db, redisUrl, postgresUrl }: Servers,
  backend: 'redis' | 'postgres',
) {
  const transport =
    backend === 'redis' ? onRedis(redisUrl, await queuePrefix(db)) : onPostgres(postgresUrl);
  const { queue, end } = transport.openQueue();
  return {
    async count() {
      const counts = await queue.getJobCounts('wait', 'prioritized');
      return (counts.wait ?? 0) + (counts.prioritized ?? 0);
    },
    end,
  };
}

const ticksPerSecond = 100;

interface Process {
  pid: number;
  parent: number;
  ticks: number;
}

/** proc(5): in /proc/<pid>/stat, behind the name, ppid is field 4 and the times 14 to 17, children waited for included. */
function processes(): Process[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const fields = readFileSync(`/proc/${name}/stat`, 'latin1').split(') ').at(-1)!.split(' ');
      const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
      return [{ pid: Number(name), parent: Number(fields[1]), ticks }];
    } catch {
      return []; // It ended while we looked.
    }
  });
}

const withDescendants = (roots: number[], all: Process[]): Set<number> => {
  const wanted = new Set(roots);
  for (let size = 0; size < wanted.size;) {
    size = wanted.size;
    for (const { pid, parent } of all) if (wanted.has(parent)) wanted.add(pid);
  }
  return wanted;
};

const cpuOf = (wanted: Set<number>, all: Process[]): number =>
  (all.filter(({ pid }) => wanted.has(pid)).reduce((sum, each) => sum + each.ticks, 0) * 1000) /
  ticksPerSecond;

/** CPU that this process, the two servers and all that they started have used so far, in ms. */
export function cpuMs({ pids }: Servers): number {
  const all = processes();
  return cpuOf(withDescendants([process.pid, ...pids], all), all);
}

/** The same of one process of the engine and of what it works with, each for itself. */
export function cpuByPart({ pids }: Servers, worker: number): Record<string, number> {
  const all = processes();
  const children = withDescendants([worker], all);
  children.delete(worker);
  const [postgres, redis] = pids;
  return {
    PostgreSQL: cpuOf(withDescendants([postgres!], all), all),
    'the worker': cpuOf(new Set([worker]), all),
    'its children': cpuOf(children, all),
    Redis: cpuOf(new Set([redis!]), all),
  };
}

/** A server of the bench by what only its command line says. */
function pidOf(mark: string): number {
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry)))
    try {
      if (
        readFileSync(`/proc/${name}/cmdline`, 'latin1').startsWith('redis-server') &&
        readFileSync(`/proc/${name}/cmdline`, 'latin1').includes(mark)
      )
        return Number(name);
    } catch {
      // It ended while we looked.
    }
  throw new Error(`there is no process ${mark}`);
}
