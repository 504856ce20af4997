import type { Config } from '../../config.ts';
import { connect } from '../../database/connect.ts';
import { embeddedExists } from '../../database/embedded/index.ts';
import { joinAsCommand } from '../../database/embedded/join-as-command.ts';
import type { OnWait } from '../../database/embedded/locks.ts';
import { RoundsmanError } from '../../ground/errors.ts';
import { queuePrefix } from '../../queue/backend.ts';
import { redisCli } from '../../queue/redis-cli.ts';
import { askRedis, redisWarnings } from '../../queue/redis.ts';
import { fail, ok, warn, type Diagnosis } from './diagnosis.ts';

/** No diagnosis if REDIS_URL is not set. While one of these diagnoses fails, no process starts. */
export async function examineRedis(
  config: Config,
  { onWait }: { onWait: OnWait },
): Promise<Diagnosis[]> {
  const { redisUrl } = config;
  if (!redisUrl) return [];
  const prefix = await prefixOf(config, onWait);
  const found: Diagnosis[] = [];
  const { protocol, hostname } = new URL(redisUrl);
  if (protocol === 'redis:' && !isThisHost(hostname))
    found.push(
      warn(
        'TLS',
        'the connection to Redis is not encrypted: its password can be read on the network between this host and the server',
        'write REDIS_URL with rediss://, and the port at which the server speaks TLS',
      ),
    );
  try {
    const facts = await askRedis(redisUrl, prefix);
    const tried =
      prefix === null
        ? 'answers; the prefix of its keys is stored in the database, which does not answer, so nothing was written'
        : 'writes and reads';
    found.push(ok('Redis', `version ${facts.version ?? 'unknown'} ${tried}`));
    for (const warning of redisWarnings(facts, redisUrl))
      found.push(
        warn(
          'Redis',
          warning,
          `\`${redisCli(redisUrl)} CONFIG SET appendonly yes\` and maxmemory-policy noeviction, and in its configuration file`,
        ),
      );
  } catch (error) {
    if (!(error instanceof RoundsmanError)) throw error;
    found.push(fail('Redis', `${error.what}: ${error.why}`, error.hint));
  }
  return found;
}

const isThisHost = (hostname: string): boolean =>
  /^(localhost|127\.[\d.]+|\[::1\])$/.test(hostname) || hostname === '';

/** The prefix of the queue's keys, which the database names; null if the database cannot be asked. */
async function prefixOf({ databaseUrl, home }: Config, onWait: OnWait): Promise<string | null> {
  if (!databaseUrl && !embeddedExists(home)) return null;
  try {
    const embedded = databaseUrl ? null : await joinAsCommand(home, { create: false, onWait });
    const db = connect(databaseUrl ?? embedded!.url, {
      name: 'roundsman doctor',
      max: 1,
      statementTimeoutMs: 5_000,
    });
    try {
      return await queuePrefix(db);
    } finally {
      await db.destroy();
      await embedded?.leave();
    }
  } catch {
    // The database's own diagnosis reports this.
    return null;
  }
}
