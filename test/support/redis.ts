/** Starts one Redis for a whole test run: that of REDIS_URL, the installed redis-server, or one that apt installs. */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startGuard } from '../../src/database/embedded/guard.ts';
import { freePort } from '../../src/database/embedded/server.ts';
import type { TestServer } from './postgres.ts';

export const howToGetRedis =
  'Install redis-server (Debian: `apt-get install redis-server`) or set REDIS_URL.';

function hasRedis(): boolean {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Installs Redis, but only as root on Debian: that is a container for tests, where an installation disturbs no person. */
function installRedis(): boolean {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return false;
  console.log('Installing redis-server for the tests ...');
  // The run level keeps the package from starting a server of its own.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  try {
    for (const args of ['update', 'install -y --no-install-recommends redis-server'])
      execFileSync('apt-get', ['-qq', ...args.split(' ')], { env, stdio: 'ignore' });
  } catch {
    return false;
  }
  return hasRedis();
}

function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    socket.once('data', (data) => {
      resolve(data.toString().startsWith('+PONG'));
      socket.destroy();
    });
    socket.once('error', () => resolve(false)).once('close', () => resolve(false));
  });
}

function readPid(file: string): number | undefined {
  try {
    return Number(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

async function launch(directory: string): Promise<TestServer> {
  mkdirSync(directory);
  const port = await freePort(0);
  const pidFile = join(directory, 'redis.pid');
  const guard = startGuard({ directory, pidFile, mark: `:${port}`, signal: 'TERM' });
  const logfile = join(directory, 'redis.log');
  const options = {
    bind: '127.0.0.1',
    port,
    dir: directory,
    pidfile: pidFile,
    logfile,
    save: '',
    appendonly: 'no',
    'maxmemory-policy': 'noeviction',
  };
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const child = spawn('redis-server', args, { detached: true, stdio: 'ignore' });
  child.unref();
  for (const deadline = Date.now() + 10_000; Date.now() < deadline; await sleep(10)) {
    if (child.exitCode !== null) break;
    if (readPid(pidFile) === child.pid && (await answersPing(port)))
      return { url: `redis://127.0.0.1:${port}`, stop: () => guard.end() };
  }
  const log = existsSync(logfile) ? readFileSync(logfile, 'utf8') : '';
  await guard.end();
  throw new Error(`redis-server did not start: ${log}`);
}

/** Returns undefined when there is no Redis: then the tests on Redis do not run. */
export async function startRedis(directory: string): Promise<TestServer | undefined> {
  if (process.env.REDIS_URL) return { url: process.env.REDIS_URL, stop: async () => {} };
  if (hasRedis() || installRedis()) return launch(join(directory, 'redis'));
  if (process.env.CI) throw new Error(`There is no Redis for the tests. ${howToGetRedis}`);
  return undefined;
}
