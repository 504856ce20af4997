import { Redis } from 'ioredis';
import type { Config } from '../config.ts';
import { messageOf } from '../errors.ts';
import { fail, ok, warn, type Diagnosis } from './doctor-diagnosis.ts';

const patienceMs = 3_000;

/** Nothing where no REDIS_URL is set. */
export async function examineRedis({ redisUrl }: Config): Promise<Diagnosis[]> {
  if (!redisUrl) return [];
  const redis = new Redis(redisUrl, {
    lazyConnect: true,
    connectTimeout: patienceMs,
    commandTimeout: patienceMs,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  let heard: unknown;
  // Unheard, it would be printed; it says more than the rejection that follows it.
  redis.on('error', (error) => (heard = error));
  try {
    await redis.connect();
    // CONFIG is forbidden on most rented servers, INFO is not.
    return readInfo(await redis.info());
  } catch (error) {
    return [
      fail(
        'Redis',
        `it cannot be used: ${messageOf(heard ?? error)}`,
        'check that it runs and that REDIS_URL has its host, port and password',
      ),
    ];
  } finally {
    redis.disconnect();
  }
}

function readInfo(text: string): Diagnosis[] {
  const info = new Map(
    text.split(/\r?\n/).map((line): [string, string] => {
      const [key = '', ...value] = line.split(':');
      return [key, value.join(':')];
    }),
  );
  const policy = info.get('maxmemory_policy');
  const found = [ok('Redis', `version ${info.get('redis_version') ?? 'unknown'} answers`)];
  if (policy !== 'noeviction')
    found.push(
      warn(
        'Redis',
        `maxmemory-policy is ${policy ?? 'not known'}: under pressure it throws queue entries away`,
        '`redis-cli CONFIG SET maxmemory-policy noeviction`, and in its configuration file',
      ),
    );
  if (info.get('aof_enabled') !== '1')
    found.push(
      warn(
        'Redis',
        'it keeps no append-only file: a crash costs queue entries, which are rebuilt within seconds',
        '`redis-cli CONFIG SET appendonly yes`, and in its configuration file',
      ),
    );
  return found;
}
