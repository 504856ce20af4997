/** A database with one source, and its listener as a process. */
import { randomBytes } from 'node:crypto';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { sql } from 'kysely';
import { storeSealed } from '../../src/data/secrets/rows.ts';
import type { Db } from '../../src/database/connect.ts';
import { readKeyRing } from '../../src/ground/secrets/key-ring.ts';
import { signingKey } from './key.ts';
import { load, type LoadOptions, type LoadResult } from './load.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** CPU that a process has used, in milliseconds: fields 14 and 15 of /proc/<pid>/stat, in ticks of 10 ms. */
function cpuMsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

export interface Held {
  rows: number;
  distinct: number;
  /** accepted ones that are not in the inbox */
  lost: number;
}

/** Sends to a source of the database, and compares what was accepted with what its inbox holds. */
export async function loadSource(
  { db, url }: { db: Db; url: string },
  options: Omit<LoadOptions, 'start' | 'port'>,
): Promise<{ result: LoadResult; held: Held; cpuMs: number }> {
  const ring = `k1:${randomBytes(32).toString('base64')}`;
  await storeSealed(db, readKeyRing(ring), { name: 'IN_KEY', value: signingKey, actor: 'ann' });
  await sql`
    INSERT INTO bots (name, display_name, schedule_cron, api_endpoint, config)
    VALUES ('alarms', 'alarms', '*/5 * * * *', 'in:alarms',
            '{"kind": "plain", "secrets": ["IN_KEY"], "rate_per_minute": 600000}')`.execute(db);
  let cpuMs = 0;
  const port = await freePort();
  const start = async () => {
    const { PATH, HOME } = process.env;
    const child = spawn(process.execPath, ['src/bin/roundsman.js', 'web', '--port', String(port)], {
      cwd: root,
      stdio: 'ignore',
      env: { PATH, HOME, DATABASE_URL: url, ROUNDSMAN_KEYS: ring, ROUNDSMAN_LOG_LEVEL: 'silent' },
    });
    const isReady = () =>
      fetch(`http://127.0.0.1:${port}/health`).then(
        ({ ok }) => ok,
        () => false,
      );
    while (!(await isReady())) {
      if (child.exitCode !== null) throw new Error(`the listener ended with ${child.exitCode}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return {
      kill() {
        cpuMs += cpuMsOf(child.pid!);
        child.kill('SIGKILL');
      },
    };
  };
  const result = await load({ ...options, start, port });
  const { rows } = await sql<{ rows: number; distinct: number; lost: number }>`
    SELECT count(*)::int AS rows, count(DISTINCT delivery_id)::int AS distinct,
           (SELECT count(*)::int FROM unnest(${[...result.accepted]}::text[]) a (id)
            WHERE a.id NOT IN (SELECT delivery_id FROM engine.inbox)) AS lost
    FROM engine.inbox`.execute(db);
  return { result, held: rows[0]!, cpuMs };
}
