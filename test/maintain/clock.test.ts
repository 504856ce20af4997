/** Processes whose clock is wrong, by libfaketime. */
import { existsSync, globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { expect, inject, onTestFinished, test } from 'vitest';
import { queueManualRun } from '../../src/services/runs/queue.ts';
import type { Db } from '../../src/database/connect.ts';
import { measureSkew } from '../../src/maintain/clock.ts';
import { migrateQueue } from '../../src/queue/backend.ts';
import { testDatabase } from '../support/database.ts';
import { provide } from '../support/debian.ts';
import { rowOf } from '../support/runs.ts';
import { install, roundsman, type Running } from '../support/installation.ts';

const library = () => globSync('/usr/lib/*/faketime/libfaketimeMT.so.1')[0];
const withFaketime = test.runIf(provide('faketime', () => existsSync(library() ?? '')));
const checkout = install('slow-bots.ts');
const settled = { timeout: 25_000, interval: 50 };

const said = (worker: Running, part: string) =>
  expect.poll(() => worker.lines().filter(({ msg }) => msg.includes(part)).length, settled).toBe(1);

/** Ahead or behind by what is in a file, which may change. */
function wrongClock(offset: string) {
  const directory = mkdtempSync(join(tmpdir(), 'roundsman-clock-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const file = join(directory, 'offset');
  const set = (now: string) => writeFileSync(file, `${now}\n`);
  set(offset);
  const settings = {
    LD_PRELOAD: library(),
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_CACHE_DURATION: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  };
  return { settings, set };
}

async function quickRun(db: Db): Promise<string> {
  const bot = db.selectFrom('bots').select('id').where('name', '=', 'quick');
  return (await queueManualRun(db, (await bot.executeTakeFirstOrThrow()).id)).id;
}

withFaketime.each(['+1h', '-3s'])(
  'a process whose clock is %s off refuses BullMQ on PostgreSQL, and says how far it is',
  async (offset) => {
    const { url, db } = await testDatabase();
    await migrateQueue(url);
    const { settings } = wrongClock(offset);
    const worker = roundsman(checkout, { DATABASE_URL: url, ...settings }, 'worker');
    expect(await worker.ended).toBe(1);
    expect(worker.heard.err).toMatch(
      offset === '+1h'
        ? /why: it is (3600|3599)\.\d s ahead of the database's; the limit is 2 s/
        : /why: it is (3\.0|2\.9|3\.1) s behind the database's/,
    );
    expect(worker.heard.err).toContain('NTP');
    const nodes = await db.selectFrom('engine.nodes').select('id').execute();
    expect(nodes, 'it does not count as alive').toEqual([]);
  },
);

withFaketime('on Redis it warns and works', async () => {
  if (!inject('redisUrl')) return;
  const { url, db } = await testDatabase();
  const { settings } = wrongClock('+1h');
  const environment = { DATABASE_URL: url, REDIS_URL: inject('redisUrl'), ...settings };
  const worker = roundsman(checkout, environment, 'worker');
  await said(worker, "this host's clock is 3600.0 s ahead of the database's");
  const id = await quickRun(db);
  await expect.poll(async () => (await rowOf(db, id)).status, settled).toBe('success');
});

withFaketime(
  'a clock that drifts off stops a worker on PostgreSQL until it is right again',
  async () => {
    const { url, db } = await testDatabase();
    await migrateQueue(url);
    const clock = wrongClock('+0');
    const worker = roundsman(checkout, { DATABASE_URL: url, ...clock.settings }, 'worker');
    await said(worker, 'started');
    clock.set('+1h');
    await said(worker, 'it takes no runs until that is right');
    const id = await quickRun(db);
    // Its entry is made and stays: the next heartbeat finds the clock still wrong.
    const before = (await rowOf(db, id)).queued_at;
    await expect.poll(async () => (await rowOf(db, id)).generation, settled).toBeGreaterThan(0);
    await expect
      .poll(async () => {
        const nodes = await db.selectFrom('engine.nodes').select('heartbeat_at').execute();
        return nodes.some(({ heartbeat_at }) => heartbeat_at > before!);
      }, settled)
      .toBe(true);
    expect((await rowOf(db, id)).status).toBe('queued');
    clock.set('+0');
    await said(worker, "this host's clock is right again");
    await expect.poll(async () => (await rowOf(db, id)).status, settled).toBe('success');
  },
  90_000,
);

withFaketime(
  'a scheduler goes on ticking when the clock of its host is set back',
  async () => {
    const { url, db } = await testDatabase();
    await migrateQueue(url);
    const clock = wrongClock('+0');
    const scheduler = roundsman(checkout, { DATABASE_URL: url, ...clock.settings }, 'scheduler');
    await said(scheduler, 'started');
    clock.set('-1h');
    await said(scheduler, "this host's clock is 3600.0 s behind the database's");
    await said(scheduler, 'no tick came');
    for (const slot of ['2026-01-01T00:00:00Z', '2026-01-01T00:01:00Z']) {
      await sql`UPDATE bots SET next_slot_at = ${slot}::timestamptz, next_execution_at = ${slot}::timestamptz
              WHERE name = 'quick'`.execute(db);
      await expect
        .poll(
          () =>
            db
              .selectFrom('bot_executions')
              .select('id')
              .where('scheduled_for', '=', new Date(slot))
              .execute(),
          settled,
        )
        .toHaveLength(1);
    }
  },
  60_000,
);

test('the measured skew of this host is within the round trip', async () => {
  const { db } = await testDatabase();
  const { skewMs, atLeastMs } = await measureSkew(db);
  expect(Math.abs(skewMs)).toBeLessThan(2_000);
  expect(atLeastMs).toBeLessThanOrEqual(Math.abs(skewMs) + 1);
});
