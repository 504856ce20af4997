/** Opens Redis as BullMQ's backend, and checks whether it keeps entries safely. */
import { Queue, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { RoundsmanError } from '../ground/errors.ts';
import { QueueNotReadyError } from './errors.ts';
import { findTlsMismatch } from './tls-mismatch.ts';
import { openClient } from './redis-client.ts';
import {
  clusterMeaning,
  isOfReplica,
  replicaMeaning,
  sentinelMeaning,
  tlsMismatches,
  refusal,
  queueErrorOf,
} from './redis-errors.ts';
import { redisCli } from './redis-cli.ts';
import { tryRedis } from './try-redis.ts';
import { queueName, workerOptions, type Processor, type Transport } from './transport.ts';

/**
 * Options by which no command waits for ever for a server that disappeared without closing its connections. `ms` has to
 * be more than 10 s for a worker: its connection may be silent for so long while it waits for entries (BullMQ's limit).
 */
const timeouts = (ms: number) => ({
  connectTimeout: 5_000,
  commandTimeout: ms,
  socketTimeout: ms,
  keepAlive: 10_000,
  disconnectTimeout: 500,
  retryStrategy: (times: number) => Math.min(100 * 2 ** Math.min(times, 10), 2_000),
  // `commandTimeout` ends commands that wait.
  maxRetriesPerRequest: null,
  // After a failover the old primary may stay up as a replica; a new connection finds the new primary. The failed
  // command is not sent again automatically: otherwise a replica would get it again without a pause.
  reconnectOnError: (error: Error) => isOfReplica(error),
});
const queueTimeoutMs = 4_000;
const workerTimeoutMs = 15_000;

/** What Redis says about itself, as far as this user may read it. */
export interface RedisFacts {
  /** null when the user may not read it; the same holds for the fields below */
  version: string | null;
  /** its maxmemory-policy */
  policy: string | null;
  appendOnly: boolean | null;
}

/** The policy under which Redis never removes entries by itself. */
const safePolicy = 'noeviction';

/** With its maxmemory-policy, Redis throws away entries of the queue when its memory is full. */
export class RedisEvictsError extends RoundsmanError {
  constructor(policy: string, redisUrl?: string) {
    super({
      what: 'this Redis cannot hold the queue',
      why: `its maxmemory-policy is ${policy}: when its memory is full, it throws queue entries away`,
      hint: `\`${redisCli(redisUrl)} CONFIG SET maxmemory-policy ${safePolicy}\`, and in its configuration file`,
    });
  }
}

/** The warnings about this server. Throws {@link RedisEvictsError}, whose hint names the server of `redisUrl`. */
export function redisWarnings({ policy, appendOnly }: RedisFacts, redisUrl?: string): string[] {
  if (policy !== null && policy !== safePolicy) throw new RedisEvictsError(policy, redisUrl);
  const warnings: string[] = [];
  if (policy === null)
    warnings.push(
      `this user may not read its maxmemory-policy, which has to be ${safePolicy}: check it where the server is configured`,
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
 * Connects once, without trying again, and reads the server's role; with the queue's `prefix` it also does one real
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
  let emitted: Error | undefined;
  // Without a listener ioredis prints the error; this error says more than the rejection that follows it.
  redis.on('error', (error) => (emitted = error));
  try {
    await redis.connect();
    await redis.ping();
    const info = await readInfo(redis);
    refuseUnusableServer(info);
    if (prefix !== null) await tryRedis(redis, prefix);
    return await readFacts(redis, info);
  } catch (error) {
    if (error instanceof RoundsmanError) throw error;
    throw await explainFailure(emitted ?? error, error, redisUrl);
  } finally {
    redis.disconnect();
  }
}

/**
 * The error for a failed connection. If the server closed the connection or its answer could not be read, the reason may
 * be TLS: then this finds out in which way the server answers.
 */
async function explainFailure(
  failure: unknown,
  cause: unknown,
  redisUrl: string,
): Promise<RoundsmanError> {
  const found = queueErrorOf(failure, cause);
  const isLost = /ECONNRESET|EPIPE|timed? ?out|ETIMEDOUT|closed|Protocol error/i.test(found.why);
  if (!(found instanceof QueueNotReadyError) || !isLost) return found;
  const way = await findTlsMismatch(redisUrl);
  return way === null
    ? found
    : refusal(tlsMismatches[way], `it answers ${way}; ${found.why}`, { cause });
}

/** What INFO says, by key; empty when INFO is forbidden. */
const readInfo = async (redis: Redis): Promise<Map<string, string>> =>
  new Map(
    (await ifAllowed(redis.info()))?.split(/\r?\n/).map((line): [string, string] => {
      const [key = '', ...value] = line.split(':');
      return [key, value.join(':')];
    }),
  );

/**
 * Throws when the role or the mode of the server makes it unusable for the queue. If the user may not read them, the
 * first write fails instead.
 */
function refuseUnusableServer(info: Map<string, string>): void {
  if (info.get('redis_mode') === 'sentinel')
    throw refusal(sentinelMeaning, 'redis_mode is sentinel');
  if (info.get('cluster_enabled') === '1') throw refusal(clusterMeaning, 'cluster_enabled is 1');
  if (info.get('role') === 'slave')
    throw refusal(
      replicaMeaning,
      `its role is replica of ${info.get('master_host')}:${info.get('master_port')}`,
    );
}

/**
 * Reads the facts from INFO, and what INFO does not say from CONFIG. Most rented servers forbid CONFIG and allow INFO;
 * either may be forbidden.
 */
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

async function ifAllowed<Value>(reply: Promise<Value>): Promise<Value | null> {
  try {
    return await reply;
  } catch (error) {
    if (error instanceof Error && error.name === 'ReplyError') return null;
    throw error;
  }
}

/** `prefix` separates two installations on one Redis. `mayReadInfo`: the user may call INFO. */
export function onRedis(redisUrl: string, prefix: string, mayReadInfo = true): Transport {
  // Both libraries use INFO: ioredis to see whether the server still loads, BullMQ to read its version.
  const withoutInfo = mayReadInfo ? {} : { enableReadyCheck: false, skipVersionCheck: true };
  const connection = (ms: number) => ({ url: redisUrl, ...timeouts(ms), ...withoutInfo });
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
