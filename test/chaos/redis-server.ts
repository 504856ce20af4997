/** Starts a redis-server for the harness, with an append-only file as in production, which can be killed. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { startGuard } from '../../src/database/embedded/guard.ts';
import { freePort } from '../../src/database/embedded/server.ts';

export interface RedisServer {
  port: number;
  flush(): Promise<void>;
  /** Kills the server, and starts it again on the same files after `awayMs`. Rejects while it is away already. */
  killAndStart(awayMs: number): Promise<void>;
  stop(): Promise<void>;
}

export async function startRedisServer(directory: string): Promise<RedisServer> {
  mkdirSync(directory, { recursive: true });
  const port = await freePort(0);
  const pidFile = join(directory, 'redis.pid');
  const guard = startGuard({ directory, pidFile, mark: `:${port}`, signal: 'TERM' });
  const options = {
    bind: '127.0.0.1',
    // Every process of the engine connects from an address of its own: see crew.ts.
    'protected-mode': 'no',
    port,
    dir: directory,
    pidfile: pidFile,
    logfile: join(directory, 'redis.log'),
    save: '',
    appendonly: 'yes',
    appendfsync: 'everysec',
    'maxmemory-policy': 'noeviction',
  };
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  let server: ChildProcess;
  let away = false;
  async function start(): Promise<void> {
    server = spawn('redis-server', args, { detached: true, stdio: 'ignore' });
    server.unref();
    for (const deadline = Date.now() + 10_000; ; await sleep(20)) {
      if (await answers(port)) return;
      if (Date.now() > deadline) throw new Error(`redis-server did not start: see ${directory}`);
    }
  }
  await start();

  return {
    port,
    async flush() {
      const redis = client(port);
      await redis.connect();
      await redis.flushall();
      redis.disconnect();
    },
    async killAndStart(awayMs) {
      if (server.exitCode !== null || server.signalCode !== null || away)
        throw new Error('Redis is away already');
      away = true;
      try {
        const gone = once(server, 'exit');
        server.kill('SIGKILL');
        await gone;
        await sleep(awayMs);
        await start();
      } finally {
        away = false;
      }
    },
    stop: () => guard.end(),
  };
}

function client(port: number): Redis {
  const redis = new Redis(port, '127.0.0.1', {
    lazyConnect: true,
    connectTimeout: 1_000,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  redis.on('error', () => {});
  return redis;
}

async function answers(port: number): Promise<boolean> {
  const redis = client(port);
  try {
    await redis.connect();
    return (await redis.ping()) === 'PONG';
  } catch {
    return false;
  } finally {
    redis.disconnect();
  }
}
