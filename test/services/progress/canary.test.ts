/** A canary takes the way of a run through real processes, and the leg where it stops is named. */
import { sql } from 'kysely';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { requestCanary } from '../../../src/data/progress/canaries.ts';
import { queueManualRun } from '../../../src/services/runs/queue.ts';
import { connect, type Db } from '../../../src/database/connect.ts';
import { migrateQueue } from '../../../src/queue/backend.ts';
import { openQueue } from '../../../src/queue/run-queue.ts';
import { sendCanary } from '../../../src/services/progress/canary.ts';
import { insertNode } from '../../cli/rows.ts';
import { backends, type Backend } from '../../support/backends.ts';
import { testDatabase } from '../../support/database.ts';
import { rowOf } from '../../support/runs.ts';
import { childrenOf, install, roundsman, type Running } from '../../support/installation.ts';
import { ownRedis } from '../../support/own-servers.ts';

const checkout = install('slow-bots.ts');
const started = (process: Running) =>
  expect
    .poll(() => process.lines().map(({ msg }) => msg), { timeout: 20_000 })
    .toContain('started');

/** A database of its own with these processes at work on it. */
async function scene(
  { redisUrl }: Backend,
  roles: ('scheduler' | 'worker')[],
  settings: NodeJS.ProcessEnv = {},
) {
  const { db, url } = await testDatabase();
  if (!redisUrl) await migrateQueue(url);
  const processes = roles.map((role) =>
    roundsman(
      checkout,
      { DATABASE_URL: url, ...(redisUrl && { REDIS_URL: redisUrl }), ...settings },
      role,
    ),
  );
  for (const process of processes) await started(process);
  return { db, url, processes };
}

/** Jobs of the engine run each minute, and their attempts take fences, too. */
const counts = async (db: Db) =>
  (
    await sql`
    SELECT (SELECT count(*) FROM bot_executions) AS runs, (SELECT count(*) FROM bot_findings) AS findings,
           (SELECT count(*) FROM bot_metrics) AS metrics, (SELECT sum(total_runs) FROM bots) AS total,
           (SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM engine.fence)
             - (SELECT coalesce(sum(attempt), 0) FROM engine.job_runs) AS fences, (SELECT count(*) FROM engine.canaries) AS canaries`.execute(
      db,
    )
  ).rows[0];

async function running(db: Db, name: string): Promise<string> {
  const bot = await db
    .selectFrom('bots')
    .select('id')
    .where('name', '=', name)
    .executeTakeFirstOrThrow();
  const { id } = await queueManualRun(db, bot.id);
  await expect.poll(async () => (await rowOf(db, id)).status, { timeout: 20_000 }).toBe('running');
  return id;
}

describe.each(backends)('with the queue on $name', (backend) => {
  test('it goes through claim, queue, child and record, and nothing counts it', async () => {
    const { db } = await scene(backend, ['scheduler', 'worker']);
    const before = await counts(db);
    // That it passes is the question here, however busy the machine is.
    const send = () => sendCanary(db, { legTimeoutMs: 60_000 });
    const { ms, ...one } = { ms: null, ...(await send()) };
    expect(one).toEqual({ passed: true });
    expect(ms!.total).toBe(ms!.claim + ms!.queue + ms!.child + ms!.record);
    const many = await Promise.all(Array.from({ length: 5 }, send));
    expect(many.filter(({ passed }) => !passed)).toEqual([]);
    expect(await counts(db)).toEqual(before);
  }, 180_000);

  test('a worker that is stopped does not get it from the queue', async () => {
    const { db, processes } = await scene(backend, ['scheduler', 'worker']);
    processes[1]!.child.kill('SIGSTOP');
    const canary = await sendCanary(db, { legTimeoutMs: 4_000 });
    expect(canary).toMatchObject({ passed: false, leg: 'queue', verdict: 'broken' });
    expect(canary).toHaveProperty('detail', expect.stringContaining(`worker ${processes[1]!.pid}`));
  });

  test('a worker whose places are busy is not called broken', async () => {
    const { db } = await scene(backend, ['scheduler', 'worker'], { ROUNDSMAN_CONCURRENCY: '1' });
    await running(db, 'endless');
    const canary = await sendCanary(db, { legTimeoutMs: 3_000 });
    expect(canary).toMatchObject({
      passed: false,
      verdict: 'busy',
      detail: expect.stringContaining('the only place of the worker is busy'),
    });
  });

  test('it is taken before all that waits, whatever its priority', async () => {
    const { db, url } = await testDatabase();
    if (backend.name === 'postgres') await migrateQueue(url);
    const queue = await openQueue(
      db,
      { ...backend, databaseUrl: url, redisUrl: backend.redisUrl },
      () => {},
    );
    const taken: string[] = [];
    try {
      const id = (digit: number) => `00000000-0000-4000-8000-00000000000${digit}`;
      await queue.add([
        { id: id(1), generation: 1, priority: 0 },
        { id: id(2), generation: 1, priority: 5 },
        { id: id(3), generation: 1, priority: 0, first: true },
      ]);
      await queue.addCanary('gone');
      await queue.removeCanary('gone');
      await queue.addCanary('canary');
      const worker = queue.work(
        1,
        async (entry) => void taken.push(entry.id.slice(-1)),
        () => {},
        { canary: async (canary) => void taken.push(canary) },
      );
      await expect.poll(() => taken.length).toBe(4);
      await worker.drain();
      expect(taken).toEqual(['canary', '3', '1', '2']);
    } finally {
      await queue.close();
    }
  });
});

const [postgres] = backends as [Backend];

test('without a scheduler, or without a worker, that is said at once', async () => {
  const { db } = await scene(postgres, ['worker']);
  const began = performance.now();
  expect(await sendCanary(db)).toMatchObject({
    passed: false,
    leg: 'claim',
    detail: expect.stringContaining('no scheduler is alive'),
  });
  const other = await scene(postgres, ['scheduler']);
  expect(await sendCanary(other.db)).toMatchObject({
    passed: false,
    leg: 'queue',
    detail: expect.stringContaining('no worker is alive'),
  });
  expect(performance.now() - began).toBeLessThan(9_000);
}, 40_000);

test('a scheduler that is stopped does not claim it', async () => {
  const { db, processes } = await scene(postgres, ['scheduler', 'worker']);
  processes[0]!.child.kill('SIGSTOP');
  expect(await sendCanary(db, { legTimeoutMs: 3_000 })).toMatchObject({
    passed: false,
    leg: 'claim',
    detail: expect.stringContaining(`scheduler ${processes[0]!.pid}`),
  });
  expect((await counts(db)) as object).toMatchObject({ canaries: '0' });
});

test('a claim that fails is no claim', async () => {
  const { db } = await scene(postgres, ['scheduler', 'worker']);
  await sql`ALTER FUNCTION engine.claim(timestamptz, int, jsonb) RENAME TO claims`.execute(db);
  expect(await sendCanary(db, { legTimeoutMs: 3_000 })).toMatchObject({ leg: 'claim' });
});

test('a child that does not answer is named, and the worker goes on', async () => {
  const { db, processes } = await scene(postgres, ['scheduler', 'worker']);
  await expect.poll(() => childrenOf(processes[1]!.pid).length).toBeGreaterThan(0);
  expect(await sendCanary(db)).toMatchObject({ passed: true });
  const all = (signal: NodeJS.Signals) => {
    for (const child of childrenOf(processes[1]!.pid)) process.kill(child, signal);
  };
  // Also one that is just being started.
  all('SIGSTOP');
  const stopping = setInterval(() => all('SIGSTOP'), 20);
  expect(await sendCanary(db).finally(() => clearInterval(stopping))).toMatchObject({
    passed: false,
    leg: 'child',
    detail: expect.stringContaining(`worker ${processes[1]!.pid}`),
  });
  // One that is stopped in its start has a minute for it.
  all('SIGCONT');
  await expect
    .poll(async () => (await sendCanary(db)).passed, { timeout: 20_000, interval: 500 })
    .toBe(true);
}, 60_000);

test('what cannot be recorded is named with the reason', async () => {
  const { db } = await scene(postgres, ['scheduler', 'worker']);
  await sql`ALTER TABLE engine.canaries ADD CONSTRAINT full_disk CHECK (recorded_at IS NULL)`.execute(
    db,
  );
  expect(await sendCanary(db)).toMatchObject({
    passed: false,
    leg: 'record',
    detail: expect.stringContaining('full_disk'),
  });
});

test('a statement of the record that the server refuses is found, too', async () => {
  const { db } = await scene(postgres, ['scheduler', 'worker']);
  await sql`ALTER TABLE bot_findings RENAME COLUMN occurrences TO times`.execute(db);
  expect(await sendCanary(db)).toMatchObject({ passed: false, leg: 'record' });
});

test('a process of an older version is not called broken, but to be restarted', async () => {
  const { db } = await testDatabase();
  await insertNode(db, 'up');
  expect(await sendCanary(db, { legTimeoutMs: 500 })).toMatchObject({
    passed: false,
    leg: 'claim',
    verdict: 'unknown',
    hint: expect.stringMatching(/restart up 1 on elsewhere with this version.*says nothing/),
  });
});

test.each([
  ['a server that takes no writes', { readOnly: true }, ''],
  ['a role that may not write', {}, '?options=-c%20role%3Dservice_role'],
])('to %s nothing is claimed and nothing is proved', async (_, options, role) => {
  const { db, url } = await testDatabase();
  await insertNode(db, 'up');
  await sql`REVOKE INSERT ON engine.canaries FROM service_role`.execute(db);
  const reader = connect(`${url}${role}`, options);
  onTestFinished(() => reader.destroy());
  expect(await sendCanary(reader)).toMatchObject({
    passed: false,
    leg: null,
    detail: expect.stringContaining('nothing proves that runs move'),
  });
});

test('a canary that no process waits for any more is removed, from the queue as well', async () => {
  const { db, processes } = await scene(postgres, ['scheduler', 'worker']);
  processes[1]!.child.kill('SIGSTOP');
  expect(await sendCanary(db, { legTimeoutMs: 3_000 })).toMatchObject({ leg: 'queue' });
  const never = await requestCanary(db);
  const entries = () =>
    sql`SELECT id FROM bullmq.job WHERE id LIKE 'canary-%'`.execute(db).then(({ rows }) => rows);
  expect((await entries()).length).toBeGreaterThan(0);
  await sql`UPDATE engine.canaries SET requested_at = requested_at - interval '2 minutes'`.execute(
    db,
  );
  await expect.poll(() => counts(db)).toMatchObject({ canaries: '0' });
  await expect.poll(entries).toEqual([]);
  await sql`INSERT INTO engine.canaries (id, requested_at) VALUES (${never}, now() - interval '2 hours')`.execute(
    db,
  );
  processes[0]!.child.kill('SIGSTOP');
  await requestCanary(db);
  const left = await db.selectFrom('engine.canaries').select('id').execute();
  expect(left.map(({ id }) => id)).not.toContain(never);
});

const withRedis = test.skipIf(!inject('redisUrl'));

withRedis('a worker on another database of Redis is named with both', async () => {
  const redis = await ownRedis();
  await redis.start();
  const { db, url } = await testDatabase();
  const on = (database: number, role: string) =>
    roundsman(checkout, { DATABASE_URL: url, REDIS_URL: `${redis.url}/${database}` }, role);
  const processes = [on(0, 'scheduler'), on(1, 'worker')];
  for (const process of processes) await started(process);
  const canary = await sendCanary(db, { legTimeoutMs: 4_000 });
  expect(canary).toMatchObject({
    passed: false,
    leg: 'queue',
    hint: expect.stringContaining('the same REDIS_URL'),
  });
  const { host } = new URL(redis.url);
  expect(canary).toHaveProperty('detail', expect.stringContaining(`redis ${host}/0`));
  expect(canary).toHaveProperty('detail', expect.stringContaining(`redis ${host}/1`));
});

withRedis(
  'a queue that takes nothing is named with its reason, and the ticks go on',
  async () => {
    const redis = await ownRedis();
    await redis.start();
    const { db } = await scene({ name: 'redis', redisUrl: redis.url }, ['scheduler', 'worker']);
    await redis.ask.config('SET', 'maxmemory', '1');
    expect(await sendCanary(db)).toMatchObject({
      passed: false,
      leg: 'queue',
      detail: expect.stringMatching(/could not put it into the queue \(redis .*\): .*OOM/),
    });
    await redis.ask.config('SET', 'maxmemory', '0');
    await expect
      .poll(async () => (await sendCanary(db)).passed, { timeout: 30_000, interval: 500 })
      .toBe(true);
  },
  60_000,
);
