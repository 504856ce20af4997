/** Redis as BullMQ's backend: how it is connected to, and whether it can be trusted with entries. */
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { messageOf, RoundsmanError } from '../errors.ts';
import { QueueNotReadyError, QueueRefusedError } from './errors.ts';
import { queueName, workerOptions, type Processor, type Transport } from './transport.ts';

/**
 * No command waits for ever on a server that is gone without a word. A worker's connection is silent
 * while it waits for entries: BullMQ lets that last 10 s at most.
 */
const timeouts = (ms: number) => ({
  connectTimeout: 5_000,
  commandTimeout: ms,
  socketTimeout: ms,
  keepAlive: 10_000,
  disconnectTimeout: 500,
  retryStrategy: (times: number) => Math.min(100 * 2 ** Math.min(times, 10), 2_000),
  // commandTimeout ends what waits.
  maxRetriesPerRequest: null,
});
const queueTimeoutMs = 4_000;
const workerTimeoutMs = 15_000;

/** What Redis says of itself, as far as it tells. */
export interface RedisFacts {
  version: string | null;
  /** null where it must not be asked */
  policy: string | null;
  appendOnly: boolean | null;
}

/** Keeps what it was given until it takes it away itself. */
const keepsEntries = 'noeviction';

/** Its maxmemory-policy lets it throw entries away. */
export class RedisEvictsError extends RoundsmanError {
  constructor(policy: string) {
    super({
      what: 'this Redis cannot hold the queue',
      why: `its maxmemory-policy is ${policy}: under pressure it throws queue entries away`,
      hint: `\`redis-cli CONFIG SET maxmemory-policy ${keepsEntries}\`, and in its configuration file`,
    });
  }
}

/** What is worth a warning. Throws {@link RedisEvictsError}. */
export function judgeRedis({ policy, appendOnly }: RedisFacts): string[] {
  if (policy !== null && policy !== keepsEntries) throw new RedisEvictsError(policy);
  const warnings: string[] = [];
  if (policy === null)
    warnings.push(
      `it does not tell its maxmemory-policy, which has to be ${keepsEntries}: look it up where it is configured`,
    );
  if (appendOnly === null)
    warnings.push('it does not tell whether it keeps an append-only file (appendonly)');
  else if (!appendOnly)
    warnings.push(
      'it keeps no append-only file (appendonly no): a crash costs queue entries, which are rebuilt within seconds',
    );
  return warnings;
}

/** Asks once, without trying again. Throws {@link QueueNotReadyError} or {@link QueueRefusedError}. */
export async function askRedis(redisUrl: string): Promise<RedisFacts> {
  const redis = new Redis(redisUrl, {
    ...timeouts(5_000),
    lazyConnect: true,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  let heard: Error | undefined;
  // Unheard, it would be printed; it says more than the rejection that follows it.
  redis.on('error', (error) => (heard = error));
  try {
    await redis.connect();
    await redis.ping();
    return await readFacts(redis);
  } catch (error) {
    throw unusable(heard ?? error, error);
  } finally {
    redis.disconnect();
  }
}

const passes = /^(LOADING|MASTERDOWN|TRYAGAIN|CLUSTERDOWN|BUSY|ERR max number of clients)/;

function unusable(said: unknown, cause: unknown): QueueNotReadyError | QueueRefusedError {
  const why = messageOf(said);
  if (said instanceof Error && said.name === 'ReplyError' && !passes.test(why))
    return new QueueRefusedError(
      {
        what: 'Redis does not let us in',
        why,
        hint: 'correct user, password or database in REDIS_URL; the user needs PING and INFO and the commands of BullMQ',
      },
      { cause },
    );
  return new QueueNotReadyError(
    {
      what: 'BullMQ cannot reach its Redis',
      why,
      hint: 'check that Redis runs and that REDIS_URL names it; `npx roundsman doctor` looks closer',
    },
    { cause },
  );
}

/** CONFIG is forbidden on most rented servers, INFO is not; either may be. */
async function readFacts(redis: Redis): Promise<RedisFacts> {
  const told = new Map(
    (await ifAllowed(redis.info()))?.split(/\r?\n/).map((line): [string, string] => {
      const [key = '', ...value] = line.split(':');
      return [key, value.join(':')];
    }),
  );
  const configured = async (name: string) =>
    (await ifAllowed(redis.config('GET', name) as Promise<string[]>))?.[1] ?? null;
  const aof = told.get('aof_enabled') ?? (await configured('appendonly'));
  return {
    version: told.get('redis_version') ?? null,
    policy: told.get('maxmemory_policy') ?? (await configured('maxmemory-policy')),
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

/** `prefix` sets two installations on one Redis apart. */
export function onRedis(redisUrl: string, prefix: string): Transport {
  const connection = (ms: number) => ({ url: redisUrl, ...timeouts(ms) });
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
