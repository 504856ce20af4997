/** Starts servers for one test alone, which can be killed and started again on the same port with the same data. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  copyFileSync,
  mkdtempSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { onTestFinished } from 'vitest';
import { connect, type Db } from '../../src/database/connect.ts';
import { serverAccount } from '../../src/database/embedded/account.ts';
import { placeBinaries } from '../../src/database/embedded/binaries.ts';
import { findPostmaster } from '../../src/database/embedded/postmaster.ts';
import { freePort, startServer } from '../../src/database/embedded/server.ts';
import { startThrowaway } from '../../src/database/embedded/throwaway.ts';
import { childrenOf } from '../../src/ground/processes.ts';
import { migrateToLatest } from '../../src/database/migrate/migrate.ts';
import type { Issued } from './certificates.ts';
import { placeOfServers } from './place-of-servers.ts';
import { administer } from './postgres.ts';

function ownDirectory(): string {
  const directory = mkdtempSync(join(placeOfServers(), 'roundsman-own-'));
  chmodSync(directory, 0o755);
  return directory;
}

export interface OwnPostgres {
  url: string;
  db: Db;
  /** Stops the server like `pg_ctl stop -m immediate`: every session is cut off, nothing is written. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Sets default_transaction_read_only of the running server: with true, it takes writes. */
  takeWrites(yes: boolean): Promise<void>;
  /**
   * Has the server speak TLS with this certificate; with `ca` it also accepts certificates of clients. `rules` are the
   * lines of pg_hba.conf.
   */
  speakTls(issued: Issued, rules: string[], ca?: string): Promise<void>;
  /**
   * Starts a second server on a copy of the files: a primary, a standby, or a standby that follows this server once that is started again.
   * This one has to be stopped.
   */
  copy(role: 'standby' | 'primary' | 'follower'): Promise<string>;
  killCopies(): Promise<void>;
  /** The processes of this server do nothing until it is called with false. */
  freeze(yes: boolean): void;
}

export async function ownPostgres(): Promise<OwnPostgres> {
  const parent = ownDirectory();
  const directory = join(parent, 'server');
  const server = await startThrowaway(directory, { fsync: false });
  const data = join(directory, 'postgres');
  const { port, password } = new URL(server.url);
  const db = connect(server.url, { name: 'test', max: 4 });
  await migrateToLatest(db);
  const account = serverAccount();
  const copies: string[] = [];
  const quit = async (of: string) => {
    const found = findPostmaster(of);
    if (found) process.kill(found.pid, 'SIGQUIT');
    while (findPostmaster(of)) await sleep(10);
  };
  const launch = async (of: string, at: number) => {
    const bin = await placeBinaries(directory);
    const log = join(directory, 'postgres.log');
    const settings = { fsync: 'off' };
    return startServer({ bin, data: of, log, account, password, settings }, at);
  };
  onTestFinished(async () => {
    await db.destroy();
    for (const each of copies) await quit(each);
    await server.stop();
    rmSync(parent, { recursive: true, force: true });
  });
  return {
    url: server.url,
    db,
    kill: () => quit(data),
    start: async () => void (await launch(data, Number(port))),
    async takeWrites(yes) {
      const how = yes
        ? 'RESET default_transaction_read_only'
        : 'SET default_transaction_read_only = on';
      await administer(server.url, `ALTER SYSTEM ${how}`, 'SELECT pg_reload_conf()');
    },
    async speakTls({ cert, key }, rules, ca) {
      for (const [from, name] of [
        [cert, 'server.crt'],
        [key, 'server.key'],
        ...(ca ? ([[ca, 'client-ca.crt']] as const) : []),
      ] as const) {
        copyFileSync(from, join(data, name));
        chmodSync(join(data, name), 0o600);
        if (account) chownSync(join(data, name), account.uid, account.gid);
      }
      writeFileSync(join(data, 'pg_hba.conf'), `${rules.join('\n')}\n`);
      await administer(
        server.url,
        'ALTER SYSTEM SET ssl = on',
        `ALTER SYSTEM SET ssl_ca_file = '${ca ? 'client-ca.crt' : ''}'`,
        'SELECT pg_reload_conf()',
      );
    },
    async killCopies() {
      for (const each of copies) await quit(each);
    },
    freeze(yes) {
      const { pid } = findPostmaster(data)!;
      for (const each of [pid, ...childrenOf(pid)]) process.kill(each, yes ? 'SIGSTOP' : 'SIGCONT');
    },
    async copy(role) {
      const copied = join(directory, `copy-${copies.length}`);
      execFileSync('cp', ['-a', data, copied]);
      copies.push(copied);
      if (role !== 'primary') {
        writeFileSync(join(copied, 'standby.signal'), '');
        if (account) chownSync(join(copied, 'standby.signal'), account.uid, account.gid);
      }
      if (role === 'follower')
        appendFileSync(
          join(copied, 'postgresql.auto.conf'),
          `primary_conninfo = 'host=127.0.0.1 port=${port} user=postgres password=${password}'\n`,
        );
      return (await launch(copied, 0)).url;
    },
  };
}

export interface OwnRedis {
  url: string;
  port: number;
  /** a connection of the test's own, which passes no proxy */
  ask: Redis;
  kill(): Promise<void>;
  start(): Promise<void>;
}

/** Prepares a Redis with these options; `start` starts it. */
export async function ownRedis(options: Record<string, string | string[]> = {}): Promise<OwnRedis> {
  const directory = ownDirectory();
  const port = await freePort(0);
  // With `port: 0` it speaks TLS only.
  const tls = options.port === '0';
  const allOptions = {
    bind: '127.0.0.1',
    port,
    dir: directory,
    save: '',
    ...options,
    ...(tls && { 'tls-port': String(port) }),
  };
  const args = Object.entries(allOptions).flatMap(([name, value]) => [
    `--${name}`,
    ...[value].flat().map(String),
  ]);
  const ask = new Redis(port, '127.0.0.1', {
    lazyConnect: true,
    retryStrategy: () => 50,
    ...(tls && { tls: { rejectUnauthorized: false } }),
  });
  ask.on('error', () => {});
  let server: ChildProcess | null = null;
  async function kill() {
    if (!server || server.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, 'exit');
    server.kill('SIGKILL');
    await ended;
  }
  onTestFinished(async () => {
    ask.disconnect();
    await kill();
    rmSync(directory, { recursive: true, force: true });
  });
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    ask,
    kill,
    async start() {
      server = spawn('redis-server', args, { stdio: 'ignore' });
      await ask.ping();
    },
  };
}
