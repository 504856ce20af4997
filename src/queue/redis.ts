/** Redis as BullMQ's backend: the connections to it, and whether it keeps entries safely. */
import { Queue, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { RoundsmanError } from '../ground/errors.ts';
import { QueueNotReadyError } from './errors.ts';
import { heardOtherWay } from './other-way.ts';
import { openClient } from './redis-client.ts';
import {
  isInCluster,
  isOfReplica,
  isReplica,
  isSentinel,
  otherWay,
  refusal,
  unusable,
} from './redis-errors.ts';
import { redisCli } from './redis-cli.ts';
import { tryRedis } from './try-redis.ts';
import { queueName, workerOptions, type Processor, type Transport } from './transport.ts';

/**
 * No command waits for ever for a server that disappeared without closing its connections. While it waits for entries,
 * a worker's connection is silent for at most 10 s: that is BullMQ's limit.
 */
const timeouts = (ms: number) => ({
  connectTimeout: 5_000,
  commandTimeout: ms,
  socketTimeout: ms,
  keepAlive: 10_000,
  disconnectTimeout: 500,
  retryStrategy: (times: number) => Math.min(100 * 2 ** Math.min(times, 10), 2_000),
  // commandTimeout ends commands that wait.
  maxRetriesPerRequest: null,
  // After a failover the old primary may stay up as a replica; a new connection finds the new primary. The failed
  // command is not sent again automatically: otherwise a replica would get it again without a pause.
  reconnectOnError: (error: Error) => isOfReplica(error),
});
const queueTimeoutMs = 4_000;
const workerTimeoutMs = 15_000;

/** What Redis says about itself, as far as it is allowed to. */
export interface RedisFacts {
  version: string | null;
  /** null when the user may not read it */
  policy: string | null;
  appendOnly: boolean | null;
}

/** The policy under which Redis never removes entries by itself. */
const keepsEntries = 'noeviction';

/** The maxmemory-policy of Redis lets it throw away entries of the queue. */
export class RedisEvictsError extends RoundsmanError {
  constructor(policy: string, redisUrl?: string) {
    super({
      what: 'this Redis cannot hold the queue',
      why: `its maxmemory-policy is ${policy}: under pressure it throws queue entries away`,
      hint: `\`${redisCli(redisUrl)} CONFIG SET maxmemory-policy ${keepsEntries}\`, and in its configuration file`,
    });
  }
}

/** What to warn of about this server. Throws {@link RedisEvictsError}, whose hint names the server of `redisUrl`. */
export function redisWarnings({ policy, appendOnly }: RedisFacts, redisUrl?: string): string[] {
  if (policy !== null && policy !== keepsEntries) throw new RedisEvictsError(policy, redisUrl);
  const warnings: string[] = [];
  if (policy === null)
    warnings.push(
      `this user may not read its maxmemory-policy, which has to be ${keepsEntries}: check it where the server is configured`,
    );
  if (appendOnly === null)
    warnings.push('this user may not read whether it keeps an append-only file (appendonly)');
  else if (!appendOnly)
    warnings.push(
      'it keeps no append-only file (appendonly no): a crash costs queue entries, which are rebuilt within seconds',
    );
  return warnings;
}

/**
 * Connects once, without trying again, and asks for the server's role; with the queue's `prefix` also does one real
 * write and read. Throws {@link QueueNotReadyError} or {@link QueueRefusedError}.
 */
export async function askRedis(
  redisUrl: string,
  prefix: string | null = null,
): Promise<RedisFacts> {
  const redis = openClient(redisUrl, {
    ...timeouts(5_000),
    lazyConnect: true,
    // The ready check uses INFO, which may be forbidden; a server that still loads says so in reply to the first
    // command.
    enableReadyCheck: false,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    reconnectOnError: null,
  });
  let heard: Error | undefined;
  // Without a listener ioredis prints the error; this error says more than the rejection that follows it.
  redis.on('error', (error) => (heard = error));
  try {
    await redis.connect();
    await redis.ping();
    const info = await askInfo(redis);
    refuseUnusableServer(info);
    if (prefix !== null) await tryRedis(redis, prefix);
    return await readFacts(redis, info);
  } catch (error) {
    if (error instanceof RoundsmanError) throw error;
    throw await explain(heard ?? error, error, redisUrl);
  } finally {
    redis.disconnect();
  }
}

/** When the server is reached and its answer cannot be read, TLS may be the reason. */
async function explain(said: unknown, cause: unknown, redisUrl: string): Promise<RoundsmanError> {
  const found = unusable(said, cause);
  const isLost = /ECONNRESET|EPIPE|timed? ?out|ETIMEDOUT|closed|Protocol error/i.test(found.why);
  if (!(found instanceof QueueNotReadyError) || !isLost) return found;
  const way = await heardOtherWay(redisUrl);
  return way === null
    ? found
    : refusal(otherWay[way], `it answers ${way}; ${found.why}`, { cause });
}

/** Empty when INFO is forbidden. */
const askInfo = async (redis: Redis): Promise<Map<string, string>> =>
  new Map(
    (await ifAllowed(redis.info()))?.split(/\r?\n/).map((line): [string, string] => {
      const [key = '', ...value] = line.split(':');
      return [key, value.join(':')];
    }),
  );

/**
 * Throws when the role or the mode of the server makes it unusable for the queue. If the user may not read them, the
 * write shows it.
 */
function refuseUnusableServer(info: Map<string, string>): void {
  if (info.get('redis_mode') === 'sentinel') throw refusal(isSentinel, 'redis_mode is sentinel');
  if (info.get('cluster_enabled') === '1') throw refusal(isInCluster, 'cluster_enabled is 1');
  if (info.get('role') === 'slave')
    throw refusal(
      isReplica,
      `its role is replica of ${info.get('master_host')}:${info.get('master_port')}`,
    );
}

/** CONFIG is forbidden on most rented servers, INFO is not; each of them may be. */
async function readFacts(redis: Redis, info: Map<string, string>): Promise<RedisFacts> {
  const configured = async (name: string) =>
    (await ifAllowed(redis.config('GET', name) as Promise<string[]>))?.[1] ?? null;
  const aof = info.get('aof_enabled') ?? (await configured('appendonly'));
  return {
    version: info.get('redis_version') ?? null,
    policy: info.get('maxmemory_policy') ?? (await configured('maxmemory-policy')),
    appendOnly: aof === null ? null : aof === '1' || aof === 'yes',
  };
}

async function ifAllowed<Value>(asked: Promise<Value>): Promise<Value | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof Error && error.name === 'ReplyError') return null;
    throw error;
  }
}

/** `prefix` separates two installations on one Redis. `mayAsk`: INFO is not forbidden. */
export function onRedis(redisUrl: string, prefix: string, mayAsk = true): Transport {
  // Both use INFO: ioredis to see whether the server still loads, BullMQ to read its version.
  const unasked = mayAsk ? {} : { enableReadyCheck: false, skipVersionCheck: true };
  const connection = (ms: number) => ({ url: redisUrl, ...timeouts(ms), ...unasked });
  return {
    openQueue() {
      const queue = new Queue(queueName, { connection: connection(queueTimeoutMs), prefix });
      return { queue: queue as Queue, end: () => queue.getBackend().close(true) };
    },
    openWorker(concurrency: number, process: Processor) {
      const worker = new Worker(queueName, process, {
        connection: connection(workerTimeoutMs),
        prefix,
        concurrency,
        ...workerOptions,
      });
      return { worker: worker as Worker, end: () => worker.getBackend().close(true) };
    },
  };
}
