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
import { installedFromDebian } from '../support/debian.ts';
import { rowOf } from '../support/runs.ts';
import { install, roundsman, type Running } from '../support/installation.ts';

const library = () => globSync('/usr/lib/*/faketime/libfaketimeMT.so.1')[0];
const withFaketime = test.runIf(installedFromDebian('faketime', () => existsSync(library() ?? '')));
const checkout = install('slow-bots.ts');
const poll = { timeout: 25_000, interval: 50 };

/** Waits until the process has logged exactly one message with this text. */
const waitForMessage = (worker: Running, part: string) =>
  expect.poll(() => worker.lines().filter(({ msg }) => msg.includes(part)).length, poll).toBe(1);

/**
 * A clock for a process, which is wrong by this offset; `+0` is right. Returns the environment variables that give the
 * process this clock, and a function that sets another offset while the process runs.
 */
function fakedClock(offset: string) {
  const directory = mkdtempSync(join(tmpdir(), 'roundsman-clock-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const file = join(directory, 'offset');
  const setOffset = (next: string) => writeFileSync(file, `${next}\n`);
  setOffset(offset);
  const environment = {
    LD_PRELOAD: library(),
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_CACHE_DURATION: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  };
  return { environment, setOffset };
}

/** Requests a run of the bot `quick`, and returns its id. */
async function requestRun(db: Db): Promise<string> {
  const bot = db.selectFrom('bots').select('id').where('name', '=', 'quick');
  return (await queueManualRun(db, (await bot.executeTakeFirstOrThrow()).id)).id;
}

withFaketime.each(['+1h', '-3s'])(
  'a worker whose clock is wrong by %s does not start with BullMQ on PostgreSQL, and says how wrong the clock is',
  async (offset) => {
    const { url, db } = await testDatabase();
    await migrateQueue(url);
    const { environment } = fakedClock(offset);
    const worker = roundsman(checkout, { DATABASE_URL: url, ...environment }, 'worker');
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

withFaketime(
  'a worker whose clock is an hour ahead warns and works with BullMQ on Redis',
  async () => {
    if (!inject('redisUrl')) return;
    const { url, db } = await testDatabase();
    const { environment } = fakedClock('+1h');
    const servers = { DATABASE_URL: url, REDIS_URL: inject('redisUrl') };
    const worker = roundsman(checkout, { ...servers, ...environment }, 'worker');
    await waitForMessage(worker, "this host's clock is 3600.0 s ahead of the database's");
    const id = await requestRun(db);
    await expect.poll(async () => (await rowOf(db, id)).status, poll).toBe('success');
  },
);

withFaketime(
  'a worker with BullMQ on PostgreSQL takes no runs while the clock of its host is wrong, and goes on when it is right again',
  async () => {
    const { url, db } = await testDatabase();
    await migrateQueue(url);
    const clock = fakedClock('+0');
    const worker = roundsman(checkout, { DATABASE_URL: url, ...clock.environment }, 'worker');
    await waitForMessage(worker, 'started');
    clock.setOffset('+1h');
    await waitForMessage(worker, 'it takes no runs until that is right');
    const id = await requestRun(db);
    // Rescue adds an entry for the run, and no worker takes it. Then the worker sends a further heartbeat, which finds the
    // clock still wrong, and the run is still queued.
    const before = (await rowOf(db, id)).queued_at;
    await expect.poll(async () => (await rowOf(db, id)).generation, poll).toBeGreaterThan(0);
    await expect
      .poll(async () => {
        const nodes = await db.selectFrom('engine.nodes').select('heartbeat_at').execute();
        return nodes.some(({ heartbeat_at }) => heartbeat_at > before!);
      }, poll)
      .toBe(true);
    expect((await rowOf(db, id)).status).toBe('queued');
    clock.setOffset('+0');
    await waitForMessage(worker, "this host's clock is right again");
    await expect.poll(async () => (await rowOf(db, id)).status, poll).toBe('success');
  },
  90_000,
);

withFaketime(
  'a scheduler goes on ticking when the clock of its host is set back',
  async () => {
    const { url, db } = await testDatabase();
    await migrateQueue(url);
    const clock = fakedClock('+0');
    const scheduler = roundsman(checkout, { DATABASE_URL: url, ...clock.environment }, 'scheduler');
    await waitForMessage(scheduler, 'started');
    clock.setOffset('-1h');
    await waitForMessage(scheduler, "this host's clock is 3600.0 s behind the database's");
    await waitForMessage(scheduler, 'no tick came');
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
          poll,
        )
        .toHaveLength(1);
    }
  },
  60_000,
);

test('on the host of the database the measured skew is below the limit, and its smallest possible size is not above it', async () => {
  const { db } = await testDatabase();
  const { skewMs, atLeastMs } = await measureSkew(db);
  expect(Math.abs(skewMs)).toBeLessThan(2_000);
  expect(atLeastMs).toBeLessThanOrEqual(Math.abs(skewMs) + 1);
});
