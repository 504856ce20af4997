/** Faults while alarms come: the disk of PostgreSQL is full, and Redis is killed. No delivery that was answered with 202 is lost. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';
import { storeSealed } from '../../src/data/secrets/rows.ts';
import { connect, type Db } from '../../src/database/connect.ts';
import { startThrowaway } from '../../src/database/embedded/throwaway.ts';
import { migrateToLatest } from '../../src/database/migrate/migrate.ts';
import { openEvents } from '../../src/events/events.ts';
import { readKeyRing } from '../../src/ground/secrets/key-ring.ts';
import { kindOf } from '../../src/sources/kinds/index.ts';
import { listen } from '../../src/web/listen.ts';
import { testDatabase } from '../support/database.ts';
import { roundsman } from '../support/installation.ts';
import { ownRedis } from '../support/own-servers.ts';
import { signingKey } from './key.ts';
import { freePort } from './load-scene.ts';

const root = new URL('../../', import.meta.url).pathname;

/** A source of the database, and how its sender sends to a listener at this address: answers are statuses, 0 for none. */
async function aSource(db: Db) {
  const ring = `k1:${randomBytes(32).toString('base64')}`;
  await storeSealed(db, readKeyRing(ring), { name: 'IN_KEY', value: signingKey, actor: 'ann' });
  await sql`
    INSERT INTO bots (name, display_name, schedule_cron, api_endpoint, config)
    VALUES ('alarms', 'alarms', '*/5 * * * *', 'in:alarms', '{"kind": "plain", "secrets": ["IN_KEY"], "rate_per_minute": 600000}')`.execute(
    db,
  );
  const send = async (url: string, key: string, description: string) => {
    const body = JSON.stringify({
      alarms: [{ key, state: 'firing', severity: 'low', description }],
    });
    const headers = await kindOf('plain').sign(body, signingKey, new Date());
    const status = await fetch(`${url}/in/alarms`, { method: 'POST', body, headers }).then(
      (answer) => answer.status,
      () => 0,
    );
    return { status, id: headers['webhook-id']! };
  };
  const heldIds = async () =>
    new Set(
      (await db.selectFrom('engine.inbox').select('delivery_id').execute()).map(
        ({ delivery_id }) => delivery_id,
      ),
    );
  return { ring, send, heldIds };
}

/** Mounts a file system with room for a database and little else; null if this process may not mount. */
function smallDisk(): string | null {
  const directory = fs.mkdtempSync(join(tmpdir(), 'roundsman-alarms-disk-'));
  const { status } = spawnSync('mount', [
    '-t',
    'tmpfs',
    '-o',
    'size=200m,mode=755',
    'tmpfs',
    directory,
  ]);
  if (status === 0) return directory;
  fs.rmdirSync(directory);
  return null;
}

const remove = (disk: string) => {
  spawnSync('umount', ['-l', disk]);
  fs.rmdirSync(disk);
};

const probe = smallDisk();
if (probe) remove(probe);

test.skipIf(!probe)(
  'with a full disk no delivery is answered with 202 that is not in the inbox',
  { timeout: 180_000 },
  async () => {
    const disk = smallDisk()!;
    onTestFinished(() => remove(disk));
    const server = await startThrowaway(join(disk, 'server'), { fsync: false });
    onTestFinished(() => server.stop());
    const db = connect(server.url, { max: 4 });
    onTestFinished(() => db.destroy());
    await migrateToLatest(db);
    const { ring, send, heldIds } = await aSource(db);
    const listener = await listen({
      host: '127.0.0.1',
      port: 0,
      database: () => db,
      sources: { keys: readKeyRing(ring), variable: () => undefined },
      emit: openEvents().emit,
    });
    onTestFinished(() => listener.close(0));
    const url = `http://127.0.0.1:${listener.port}`;
    const accepted: string[] = [];
    const refused = new Set<number>();
    const text = () => randomBytes(900).toString('hex');
    const some = async (count: number) => {
      const answers = await Promise.all(
        Array.from({ length: count }, (_, n) => send(url, `k${n}`, text())),
      );
      for (const { status, id } of answers)
        if (status === 202) accepted.push(id);
        else refused.add(status);
    };
    await some(50);
    expect(accepted).toHaveLength(50);
    const filler = join(disk, 'filler');
    for (const block of [1024 * 1024, 4096]) {
      try {
        for (;;) fs.appendFileSync(filler, Buffer.alloc(block));
      } catch (error) {
        expect(error).toMatchObject({ code: 'ENOSPC' });
      }
    }
    for (let n = 0; n < 20 && refused.size === 0; n += 1) await some(100);
    expect([...refused]).toEqual([503]);
    fs.rmSync(filler);
    await expect
      .poll(async () => (await send(url, 'again', 'x')).status, { timeout: 60_000, interval: 500 })
      .toBe(202);
    const held = await heldIds();
    expect(accepted.filter((id) => !held.has(id))).toEqual([]);
  },
);

test(
  'a Redis that is killed in a storm of alarms loses none: each is a finding once',
  { timeout: 180_000 },
  async () => {
    const redis = await ownRedis();
    // On a busy machine the server takes longer than one request waits for it.
    const start = async () => {
      await redis.start().catch(() => {});
      const ping = () => redis.ask.ping().catch(() => '');
      await expect.poll(ping, { timeout: 30_000, interval: 100 }).toBe('PONG');
    };
    await start();
    const { db, url: databaseUrl } = await testDatabase();
    const { ring, send, heldIds } = await aSource(db);
    const home = fs.mkdtempSync(join(tmpdir(), 'roundsman-alarms-redis-'));
    onTestFinished(() => fs.rmSync(home, { recursive: true, force: true }));
    const port = await freePort();
    const up = roundsman(
      root,
      {
        DATABASE_URL: databaseUrl,
        REDIS_URL: redis.url,
        ROUNDSMAN_HOME: home,
        ROUNDSMAN_KEYS: ring,
        ROUNDSMAN_WEB_PORT: String(port),
      },
      'up',
    );
    onTestFinished(async () => {
      up.child.kill('SIGTERM');
      if (up.child.exitCode === null) await once(up.child, 'exit');
    });
    const url = `http://127.0.0.1:${port}`;
    await expect
      .poll(async () => (await send(url, 'first', 'x')).status, { timeout: 100_000, interval: 500 })
      .toBe(202);
    const accepted: string[] = [];
    for (let n = 0; n < 30; n += 1) {
      if (n === 10) await redis.kill();
      if (n === 20) await start();
      const answers = await Promise.all(
        Array.from({ length: 10 }, (_, at) => send(url, `k${(n * 10 + at) % 40}`, 'x')),
      );
      // The listener needs no queue.
      for (const { status, id } of answers) {
        expect(status).toBe(202);
        accepted.push(id);
      }
    }
    const held = await heldIds();
    expect(accepted.filter((id) => !held.has(id))).toEqual([]);
    const counted = async () =>
      (
        await sql<{ alarms: number; times: number }>`
        SELECT count(*)::int AS alarms, coalesce(sum(occurrences), 0)::int AS times FROM bot_findings
        WHERE component_key LIKE 'alarm/k%' AND resolved_at IS NULL`.execute(db)
      ).rows[0];
    await expect
      .poll(counted, { timeout: 100_000, interval: 500 })
      .toEqual({ alarms: 40, times: 300 });
  },
);
