import type { Config } from '../config.ts';
import { RoundsmanError } from '../errors.ts';
import { askRedis, judgeRedis } from '../queue/redis.ts';
import { fail, ok, warn, type Diagnosis } from './doctor-diagnosis.ts';

/** Nothing where no REDIS_URL is set. What fails here keeps a process from starting. */
export async function examineRedis({ redisUrl }: Config): Promise<Diagnosis[]> {
  if (!redisUrl) return [];
  const found: Diagnosis[] = [];
  try {
    const facts = await askRedis(redisUrl);
    found.push(ok('Redis', `version ${facts.version ?? 'unknown'} answers`));
    for (const warning of judgeRedis(facts))
      found.push(
        warn(
          'Redis',
          warning,
          '`redis-cli CONFIG SET appendonly yes` and maxmemory-policy noeviction, and in its configuration file',
        ),
      );
  } catch (error) {
    if (!(error instanceof RoundsmanError)) throw error;
    found.push(fail('Redis', `${error.what}: ${error.why}`, error.hint));
  }
  return found;
}
