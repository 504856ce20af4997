/**
 * Starts the servers of a test run and tells the tests where they are.
 *
 * Ctrl-C and failures end in the teardown. After a SIGKILL of the run a guard beside each server
 * (src/database/embedded/guard.ts) stops it and removes its files; only an empty directory remains.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { sweepCopies } from './copies.ts';
import { placeOfServers } from './place-of-servers.ts';
import { startPostgres, type TestServer } from './postgres.ts';
import { howToGetRedis, startRedis } from './redis.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    postgresUrl: string;
    /** empty when there is no Redis */
    redisUrl: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const directory = mkdtempSync(join(placeOfServers(), 'roundsman-test-'));
  // When tests run as root, the servers run as another account, which has to pass through this directory.
  chmodSync(directory, 0o755);
  // Programs of the tests import the package by its name, also where no install has prepared this clone.
  execFileSync(process.execPath, ['src/bin/self-reference.js']);
  const servers: TestServer[] = [];
  sweepCopies();
  async function teardown() {
    sweepCopies();
    for (const server of servers) await server.stop();
    rmSync(directory, { recursive: true, force: true });
  }
  try {
    const postgres = await startPostgres(directory);
    servers.push(postgres);
    const redis = await startRedis(directory);
    if (redis) servers.push(redis);
    project.provide('postgresUrl', postgres.url);
    project.provide('redisUrl', redis?.url ?? '');
    return async () => {
      await teardown();
      if (!redis) console.warn(`\nNOT RUN: the tests on Redis. ${howToGetRedis}\n`);
    };
  } catch (error) {
    await teardown();
    throw error;
  }
}
