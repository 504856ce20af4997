import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { startEngine } from '../../src/bin/engine.ts';
import { readConfig } from '../../src/config.ts';
import { RoundsmanError } from '../../src/ground/errors.ts';
import { heartbeat, removeNode } from '../../src/maintain/heartbeat.ts';
import {
  agreeOnBackend,
  migrateQueue,
  OtherBackendError,
  queuePrefix,
  recordedBackend,
  switchBackend,
} from '../../src/queue/backend.ts';
import { backends } from '../support/backends.ts';
import { testDatabase } from '../support/database.ts';
import { aBot, catalogue, clean } from '../support/builders.ts';
import { anEngine, startFlow } from '../support/engine.ts';
import { queuedRun, rowOf } from '../support/runs.ts';
import { eventsTo } from '../../src/events/log-events.ts';

const watch = catalogue([aBot('watch', async () => clean('x'))]);

test('the first process records its backend, and others with the same backend may start', async () => {
  const { db } = await testDatabase();
  expect(await recordedBackend(db)).toBeNull();
  await Promise.all([agreeOnBackend(db, 'redis'), agreeOnBackend(db, 'redis')]);
  await agreeOnBackend(db, 'redis');
  expect(await recordedBackend(db)).toBe('redis');
});

test('when two first processes with different backends start at once, one is refused', async () => {
  const { db } = await testDatabase();
  const answers = await Promise.allSettled([
    agreeOnBackend(db, 'redis'),
    agreeOnBackend(db, 'postgres'),
  ]);
  expect(answers.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
});

test.each([
  { recorded: 'redis', configured: 'postgres', mend: 'set REDIS_URL' },
  { recorded: 'postgres', configured: 'redis', mend: 'unset REDIS_URL' },
] as const)(
  'a process with $configured refuses a database on $recorded and names the command',
  async ({ recorded, configured, mend }) => {
    const { db } = await testDatabase();
    await agreeOnBackend(db, recorded);
    const error = await agreeOnBackend(db, configured).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(OtherBackendError);
    const { hint } = error as OtherBackendError;
    expect(hint.split(', or ')[0]).toBe(mend);
    expect(hint).toContain(`roundsman db queue ${configured}`);
    expect(await recordedBackend(db)).toBe(recorded);
  },
);

test('two databases on one Redis have namespaces of their own', async () => {
  const [one, two] = [await testDatabase(), await testDatabase()];
  expect(await queuePrefix(one.db)).toBe(await queuePrefix(one.db));
  expect(await queuePrefix(one.db)).not.toBe(await queuePrefix(two.db));
});

test('switching is refused while a process is alive, and names it', async () => {
  const { db } = await testDatabase();
  await agreeOnBackend(db, 'postgres');
  const node = { id: 'w1', role: 'worker' as const };
  await heartbeat(db, node);
  const error = await switchBackend(db, 'redis').catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(RoundsmanError);
  expect((error as RoundsmanError).why).toContain(`worker ${process.pid} on `);
  expect(await recordedBackend(db)).toBe('postgres');
  await removeNode(db, node);
  await switchBackend(db, 'redis');
  expect(await recordedBackend(db)).toBe('redis');
});

test('a process that was killed is alive for fifteen seconds and no longer', async () => {
  const { db } = await testDatabase();
  await heartbeat(db, { id: 'w1', role: 'worker' });
  await sql`UPDATE engine.nodes SET heartbeat_at = engine.now() - interval '14 seconds'`.execute(
    db,
  );
  await expect(switchBackend(db, 'redis')).rejects.toThrow('cannot be switched');
  await sql`UPDATE engine.nodes SET heartbeat_at = engine.now() - interval '16 seconds'`.execute(
    db,
  );
  await switchBackend(db, 'redis');
});

/** Waits until this session of PostgreSQL waits for a lock. */
const waitsForLock = (db: Parameters<typeof switchBackend>[0], like: string) =>
  expect
    .poll(async () => {
      const { rows } = await sql`
        SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query ILIKE ${like}
          AND datname = current_database()`.execute(db);
      return rows.length;
    })
    .toBe(1);

test('a process that starts during a switch does not start with the old backend', async () => {
  const { db, url } = await testDatabase();
  await agreeOnBackend(db, 'postgres');
  await migrateQueue(url);
  const outcomes = await db.transaction().execute(async (holder) => {
    await sql`SELECT FROM engine.settings WHERE key = 'queue_backend' FOR UPDATE`.execute(holder);
    // The switch waits for the locked row; then it finds out whether a process is alive, and writes.
    const switching = switchBackend(db, 'redis').then(
      () => true,
      () => false,
    );
    await waitsForLock(db, '%settings%');
    const config = { ...readConfig({}), databaseUrl: url, redisUrl: undefined };
    const log = pino({ level: 'silent' });
    const starting = startEngine('worker', config, url, { log, emit: eventsTo(log).emit }).then(
      async (started) => {
        onTestFinished(() => started.stop());
        return true;
      },
      () => false,
    );
    // The worker starts, or it waits for the switch.
    await Promise.race([
      starting,
      waitsForLock(db, '%settings%')
        .catch(() => {})
        .then(() => sleep(1_000)),
    ]);
    return { switching, starting };
  });
  const [switched, started] = await Promise.all([outcomes.switching, outcomes.starting]);
  expect({ switched, started }).not.toEqual({ switched: true, started: true });
});

test.runIf(backends.length === 2)('runs that waited on one backend run on the other', async () => {
  const [postgres, redis] = backends as [(typeof backends)[0], (typeof backends)[0]];
  const database = await testDatabase();
  const before = await anEngine(postgres, watch, { database });
  await agreeOnBackend(before.db, 'postgres');
  const ids = [];
  for (let index = 0; index < 3; index++)
    ids.push(await queuedRun(before.db, 'watch', { queued_at: new Date(Date.now() - 5_000) }));
  await before.queue.add(ids.map((id) => ({ id, generation: 1 })));
  await before.close();

  await switchBackend(database.db, 'redis');
  await startFlow(redis, watch, { database, roles: ['worker'] });
  for (const id of ids)
    await expect
      .poll(() => rowOf(database.db, id), { timeout: 10_000 })
      .toMatchObject({ status: 'success', attempt: 1 });
});

test('several processes can make the tables of the queue in the same database at once', async () => {
  const { url } = await testDatabase();
  await migrateQueue(url);
  for (let round = 0; round < 10; round += 1) {
    const all = await Promise.allSettled(Array.from({ length: 12 }, () => migrateQueue(url)));
    expect(all.filter(({ status }) => status === 'rejected')).toEqual([]);
  }
});
