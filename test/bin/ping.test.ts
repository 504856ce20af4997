/** The outward ping: what a receiver elsewhere is told while real processes work, and when they do not work any more. */
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { connect, shortStatements, type Db } from '../../src/database/connect.ts';
import { openEvents } from '../../src/events/events.ts';
import { openRedaction } from '../../src/ground/secrets/redact.ts';
import { migrateQueue } from '../../src/queue/backend.ts';
import { openPinger, type PingTimes } from '../../src/services/ping/pinger.ts';
import { start } from '../cli/command.ts';
import { testDatabase } from '../support/database.ts';
import { serveHttp } from '../support/http-server.ts';
import { install, roundsman, type Running } from '../support/installation.ts';
import { ownPostgres } from '../support/own-servers.ts';
import { openProxy } from '../support/proxy.ts';

const checkout = install('slow-bots.ts');
const settled = { timeout: 30_000, interval: 50 };
const key = '0f6d52b4-9a3e-4c1b-8f57-3c2e9d1a7b60';

interface Ping {
  method: string;
  path: string;
  body: string;
}

interface Answer {
  status: number;
  body?: string;
  location?: string;
}

/** A receiver that answers as healthchecks.io does, or, after `say`, as that sets. */
async function receiver() {
  const pings: Ping[] = [];
  let next: Answer | 'nothing' = { status: 200, body: 'OK' };
  const at = await serveHttp((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text) => (body += text));
    request.on('end', () => {
      pings.push({ method: request.method!, path: request.url!, body });
      if (next === 'nothing') return;
      const { status, body: text = '', location } = next;
      response.writeHead(status, location ? { location } : {}).end(text);
    });
  });
  return {
    pings,
    address: `${at.url}/${key}`,
    successes: () => pings.filter(({ path }) => path === `/${key}`),
    failures: () => pings.filter(({ path }) => path === `/${key}/fail`),
    say: (answer: typeof next) => void (next = answer),
  };
}

const started = (process: Running) =>
  expect.poll(() => process.lines().map(({ msg }) => msg), settled).toContain('started');

const doctorOf = (url: string, address: string) =>
  start(url, ['doctor'], { ROUNDSMAN_PING_URL: address }).ended;

/** Moves the times in the database: the next minute has come, and the last canary passed `quietMinutes` earlier. */
const minuteLater = (db: Db, quietMinutes = 0) =>
  sql`
  UPDATE engine.settings SET changed_at = changed_at - interval '1 minute', value = value ||
    (SELECT jsonb_object_agg(name, (value ->> name)::timestamptz - make_interval(mins => ${quietMinutes}))
     FROM unnest(ARRAY['since', 'passed_at']) AS name)
  WHERE key = 'ping'`.execute(db);

/** A pinger with these settings, and the events that it emits. */
function pingerOf(db: Db, address: string, times: Partial<PingTimes> = {}, secret = '') {
  const said: { name: string; text: string }[] = [];
  const events = openEvents();
  events.subscribe(({ name, facts }) => {
    const { err, ...rest } = facts as { err?: Error };
    said.push({ name, text: `${err?.message ?? ''}${JSON.stringify(rest)}` });
  });
  const redaction = openRedaction(secret ? [{ value: secret }] : []);
  const pinger = openPinger(
    { db, address, who: 'scheduler 7 on one', emit: events.emit, redact: redaction.text },
    { failAfterMs: 300, againMs: 100, ...times },
  );
  return { ...pinger, said, names: () => said.map(({ name }) => name) };
}

async function processes(url: string, ...roles: ('scheduler' | 'worker')[]): Promise<Running[]> {
  const all = roles.map((role) => roundsman(checkout, { DATABASE_URL: url }, role));
  for (const each of all) await started(each);
  return all;
}

test('success is reported once a minute, a failure with its reason once the worker is killed, and then success again', async () => {
  const { db, url } = await testDatabase();
  await migrateQueue(url);
  const { pings, address, successes, failures } = await receiver();
  const settings = { DATABASE_URL: url, ROUNDSMAN_PING_URL: address };
  const scheduler = roundsman(checkout, settings, 'scheduler');
  const worker = roundsman(checkout, settings, 'worker');
  for (const each of [scheduler, worker]) await started(each);
  await expect.poll(successes, settled).toHaveLength(1);
  expect(pings).toEqual([{ method: 'GET', path: `/${key}`, body: '' }]);
  const well = await doctorOf(url, address);
  expect(well.out).toMatch(
    /^ok +Ping +127\.0\.0\.1:\d+: the newest was taken \d+s ago, from (scheduler|worker) \d+ on /m,
  );
  // Two processes ask every 5 s, and one minute has one ping.
  await sleep(6_000);
  expect(pings).toHaveLength(1);
  await minuteLater(db);
  await expect.poll(successes, settled).toHaveLength(2);

  worker.child.kill('SIGKILL');
  await worker.ended;
  await minuteLater(db, 10);
  await expect.poll(failures, settled).toHaveLength(1);
  expect(failures()[0]).toMatchObject({
    method: 'POST',
    body: expect.stringMatching(/^a canary run did not get through queue: /),
  });
  expect(successes()).toHaveLength(2);
  await expect
    .poll(() => scheduler.lines().filter(({ msg }) => msg.includes('runs do not move')), settled)
    .toEqual([expect.objectContaining({ reason: failures()[0]!.body })]);
  const ill = await doctorOf(url, address);
  expect(ill.out).toMatch(
    /^warn +Ping +127\.0\.0\.1:\d+: the newest was taken .* did not get through queue: /m,
  );

  await started(roundsman(checkout, settings, 'worker'));
  await minuteLater(db);
  await expect.poll(successes, settled).toHaveLength(3);
  const logs = scheduler.heard.out + worker.heard.out + well.out + ill.out;
  expect(logs).not.toContain(key);
}, 120_000);

test('one canary that does not pass is neither a failure nor a success', async () => {
  const { db, url } = await testDatabase();
  await migrateQueue(url);
  const { pings, address, failures } = await receiver();
  const pinger = pingerOf(db, address, { failAfterMs: 60_000 });
  await pinger.run();
  expect(pings).toEqual([]);
  await minuteLater(db, 1);
  await pinger.run();
  expect(failures()).toEqual([
    expect.objectContaining({
      body: 'a canary run did not get through claim: no scheduler is alive to claim it',
    }),
  ]);
  expect(pinger.names()).toEqual(['ping.failure_told']);
  await minuteLater(db);
  await pinger.run();
  expect(failures()).toHaveLength(2);
  expect(pinger.names()).toEqual(['ping.failure_told']);
});

test('a database that is down is reported once, and its return alone is not a success', async () => {
  const postgres = await ownPostgres();
  await migrateQueue(postgres.url);
  const { pings, address, failures } = await receiver();
  const db = connect(postgres.url, { name: 'test', max: 2, ...shortStatements });
  const pinger = pingerOf(db, address);
  await pinger.run();
  await postgres.kill();
  await pinger.run();
  expect(pings, 'a short outage is not told').toEqual([]);
  await expect
    .poll(async () => {
      await pinger.run();
      return failures();
    }, settled)
    .toHaveLength(1);
  expect(failures()[0]!.body).toMatch(
    /^scheduler 7 on one has had no answer from the database for .*: /,
  );
  expect(failures()[0]!.body).not.toContain(new URL(postgres.url).password);
  await sleep(300);
  await pinger.run();
  expect(pings, 'it is told once').toHaveLength(1);

  await postgres.start();
  await minuteLater(postgres.db);
  await expect
    .poll(async () => {
      await pinger.run();
      return failures().at(-1)!.body;
    }, settled)
    .toContain('no scheduler is alive');
  expect(pings.filter(({ path }) => !path.endsWith('/fail'))).toEqual([]);
  await db.destroy();
}, 90_000);

test('a database that accepts connections but does not answer is reported, too', async () => {
  const { url } = await testDatabase();
  const { address, failures } = await receiver();
  const proxy = await openProxy(url);
  const db = connect(proxy.url, { name: 'test', max: 1 });
  const pinger = pingerOf(db, address);
  await pinger.run();
  proxy.freeze();
  await pinger.run();
  expect(failures()).toEqual([
    expect.objectContaining({ body: expect.stringContaining('no answer from the database') }),
  ]);
  void db.destroy();
}, 60_000);

test.each([
  ['an error', { status: 503 }, 'answered 503'],
  ['a redirect, which is not followed', { status: 302, location: '/other' }, 'answered 302'],
  ['an address that it does not know', { status: 200, body: 'OK (not found)' }, 'not found'],
  ['too many pings', { status: 200, body: 'OK (rate limited)' }, 'rate limited'],
] as const)(
  'a receiver that answers with %s is logged when it begins and when it ends',
  async (_, answer, why) => {
    const { db, url } = await testDatabase();
    await migrateQueue(url);
    await processes(url, 'scheduler', 'worker');
    const { pings, address, successes, say } = await receiver();
    const pinger = pingerOf(db, address);
    say(answer);
    for (let minute = 0; minute < 2; minute += 1) {
      await pinger.run();
      await minuteLater(db);
    }
    expect(successes()).toHaveLength(2);
    expect(pinger.said).toEqual([{ name: 'ping.unsent', text: expect.stringContaining(why) }]);
    expect(pinger.said[0]!.text).not.toContain(key);
    const doctor = await doctorOf(url, address);
    expect(doctor.code).toBe(0);
    expect(doctor.out).toMatch(new RegExp(`^warn +Ping +.*none was taken yet; .*${why}`, 'm'));
    expect(doctor.out).not.toContain(key);
    say({ status: 200, body: 'OK' });
    await pinger.run();
    await minuteLater(db);
    await pinger.run();
    expect(pinger.names()).toEqual(['ping.unsent', 'ping.sent_again']);
    expect(pings.map(({ path }) => path)).toEqual(pings.map(() => `/${key}`));
  },
  120_000,
);

test('the pinger gives up on a receiver after 10 s without an answer, and logs addresses that are unreachable or private', async () => {
  const { db, url } = await testDatabase();
  await migrateQueue(url);
  const { address, say } = await receiver();
  say('nothing');
  const { hostname } = new URL(address);
  const slow = pingerOf(db, address, { failAfterMs: 0 });
  const since = performance.now();
  await slow.run();
  expect(slow.said[0]!.text).toContain('no answer within 10 s');
  expect(performance.now() - since).toBeLessThan(15_000);
  for (const [other, why] of [
    [`http://127.0.0.1:1/${key}`, 'ECONNREFUSED'],
    [`http://${hostname}/${key}`, 'is refused: it is not public (loopback)'],
    [`http://[64:ff9b::7f00:1]/${key}`, 'leads to 127.0.0.1'],
  ]) {
    await minuteLater(db);
    const pinger = pingerOf(db, other!, { failAfterMs: 0 });
    await pinger.run();
    expect(pinger.said).toEqual([{ name: 'ping.unsent', text: expect.stringContaining(why!) }]);
    expect(pinger.said[0]!.text).not.toContain(key);
  }
}, 60_000);

test('a reason is reported without secrets, and cut to its limits', async () => {
  const { db } = await testDatabase();
  const { address, failures } = await receiver();
  const secret = 'correct-horse-battery';
  await sql`INSERT INTO engine.nodes (id, role, host, pid) VALUES ('n', 'scheduler', 'one', 1)`.execute(
    db,
  );
  await sql`
    CREATE FUNCTION raise() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE '% \u001b[31m%', ${sql.lit(secret)}, repeat('x ', 5000); END $$`.execute(db);
  await sql`CREATE TRIGGER raise BEFORE INSERT ON engine.canaries EXECUTE FUNCTION raise()`.execute(
    db,
  );
  const pinger = pingerOf(db, address, { failAfterMs: 0 }, secret);
  await pinger.run();
  expect(failures()).toHaveLength(1);
  const [{ body }] = failures() as [Ping];
  expect(body).not.toContain(secret);
  expect(body).toContain('could not be followed: [redacted]');
  expect(body).not.toContain('\u001b');
  expect(body.length).toBeLessThanOrEqual(1_000);
});

test('a pinger that is stopped ends at once and sends nothing', async () => {
  const { db, url } = await testDatabase();
  await migrateQueue(url);
  await processes(url, 'scheduler');
  const { pings, address } = await receiver();
  const pinger = pingerOf(db, address, { failAfterMs: 0, legTimeoutMs: 20_000 });
  // Its canary waits for a worker while one is alive.
  await sql`INSERT INTO engine.nodes (id, role, host, pid, queue) VALUES ('n', 'worker', 'one', 1, 'postgres')`.execute(
    db,
  );
  const running = pinger.run();
  await expect
    .poll(
      async () => (await db.selectFrom('engine.canaries').select('id').execute()).length,
      settled,
    )
    .toBe(1);
  pinger.stop();
  const since = performance.now();
  await running;
  expect(performance.now() - since).toBeLessThan(1_000);
  expect([pings, pinger.said]).toEqual([[], []]);
});
