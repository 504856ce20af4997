/** Bots whose checks leave their process, their sessions or the worker worse than they found them. */
import { execSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import { setServers } from 'node:dns';
import { setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { defineBot, sql, z, type Check, type CheckContext } from '../../../src/bot.ts';
import { frameOf } from '../../../src/run/child/frames.ts';

const clean = { examined: ['x'], findings: [] };

export const bot = (name: string, run: Check<unknown>['run'], timeoutSeconds = 30) =>
  defineBot({
    name,
    displayName: name,
    description: name,
    schedule: '0 0 1 1 *',
    timeoutSeconds,
    config: z.looseObject({}),
    checks: [{ name: 'is-well', title: 'Is it well?', run }],
  });

const held: unknown[] = [];

/** Then waits: what it did is found out about meanwhile. */
const waits = (act: () => unknown) => async () => {
  await act();
  await sleep(20_000);
  return clean;
};

const channel = 3;
const says = (bytes: Buffer) => waits(() => fs.writeSync(channel, bytes));
const head = (length: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(length);
  return bytes;
};
const outcome = { name: 'is-well', title: 't', ms: 1, status: 'passed', result: clean };

/** What a check sends its worker by itself. */
export const messages: Record<string, Check<unknown>['run']> = {
  'node-null': waits(() => process.send!(null)),
  garbage: says(Buffer.from('roundsman\nroundsman\n')),
  'no-value': says(Buffer.concat([head(4), Buffer.from('none')])),
  'endless-value': says(Buffer.concat([head(4_000_000_000), Buffer.alloc(1_000)])),
  null: says(frameOf(null)),
  text: says(frameOf('ready')),
  number: says(frameOf(7)),
  list: says(frameOf([])),
  date: says(frameOf(new Date())),
  'no-id': says(frameOf({ id: null, result: 1 })),
  'other-result': says(frameOf({ id: 1, result: null })),
  'other-outcome': says(frameOf({ id: 1, result: { ...outcome, result: { examined: 'x' } } })),
  'other-check': says(frameOf({ id: 1, result: { ...outcome, name: 'another' } })),
  'bad-thrown': says(frameOf({ id: 1, thrown: { message: 7 } })),
  'null-thrown': says(frameOf({ id: 1, thrown: null })),
  closed: waits(() => fs.closeSync(channel)),
  flood: waits(() => {
    for (;;) process.stderr.write('x'.repeat(65_536));
  }),
};

/** A process whose parent has ended, in a session of its own. */
const orphan = (seconds: number) => execSync(`setsid sleep ${seconds} &`, { stdio: 'ignore' });

/** Does what it did before, by another function. */
function patch(object: object, name: string): void {
  const before = Reflect.get(object, name) as (...given: unknown[]) => unknown;
  Reflect.set(object, name, function patched(this: unknown, ...given: unknown[]) {
    return before.apply(this, given);
  });
}

/** What a check changes or leaves in its process, beside what is said of it. */
export const changes: Record<string, [change: () => unknown, said: string]> = {
  chdir: [() => process.chdir('/'), 'the working directory'],
  umask: [() => process.umask(0o777), 'umask'],
  title: [() => (process.title = 'postgres'), 'process.title'],
  'exit-code': [() => (process.exitCode = 3), 'process.exitCode'],
  priority: [() => setPriority(5), 'its priority'],
  dns: [() => setServers(['192.0.2.1']), 'getServers'],
  'env-set': [() => (process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'), 'NODE_TLS_REJECT'],
  'env-removed': [() => delete process.env.PATH, 'process.env.PATH'],
  listener: [() => process.on('uncaughtException', () => {}), 'uncaughtException'],
  'no-listeners': [() => process.removeAllListeners('SIGTERM'), 'SIGTERM'],
  timer: [() => setInterval(() => {}, 5), 'Timeout'],
  server: [() => fs.watch('/tmp'), 'FSEvent'],
  thread: [() => new Worker('setInterval(() => {}, 5)', { eval: true }).unref(), 'a thread'],
  global: [() => Object.assign(globalThis, { leaked: 1 }), 'globalThis.leaked'],
  clock: [() => (Date.now = () => 0), 'Date.now'],
  prototype: [() => Object.assign(Array.prototype, { map: () => [] }), 'Array.prototype.map'],
  'added-prototype': [() => Object.assign(Object.prototype, { x: 1 }), 'Object.prototype.x'],
  json: [() => (JSON.stringify = () => '{}'), 'JSON.stringify'],
  promise: [() => patch(Promise.prototype, 'finally'), 'Promise.prototype.finally'],
  module: [() => Object.assign(fs, { readFileSync: () => '' }), 'fs.readFileSync'],
  microtasks: [() => queueMicrotask(() => setInterval(() => {}, 5)), 'Timeout'],
  files: [
    () => held.push(...Array.from({ length: 50 }, () => fs.openSync('/dev/null', 'r'))),
    'files',
  ],
  process: [() => spawn('sleep', ['86395'], { detached: true }).unref(), 'a process'],
  'bare-process': [() => spawn('sleep', ['86395'], { detached: true, env: {} }).unref(), 'process'],
  orphan: [() => orphan(86_395), 'a process'],
};

const inSession = ({ db }: CheckContext, text: string) => sql.raw(text).execute(db);

/** What a check does to its sessions. */
export const sessions: Record<string, (context: CheckContext) => unknown> = {
  'statement-timeout': (context) => inSession(context, `SET statement_timeout = '1ms'`),
  'search-path': (context) => inSession(context, 'SET search_path = nowhere'),
  zone: (context) => inSession(context, `SET TIME ZONE 'Asia/Kolkata'`),
  'date-style': (context) => inSession(context, `SET DateStyle = 'SQL, DMY'`),
  'read-write': (context) => inSession(context, 'SET default_transaction_read_only = off'),
  characteristics: (context) =>
    inSession(context, 'SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE'),
  role: (context) => inSession(context, 'SET ROLE pg_monitor'),
  authorization: (context) => inSession(context, 'SET SESSION AUTHORIZATION pg_monitor'),
  prepared: (context) => inSession(context, 'PREPARE p AS SELECT 1'),
  cursor: (context) => inSession(context, 'DECLARE c CURSOR WITH HOLD FOR SELECT 1'),
  lock: (context) => inSession(context, 'SELECT pg_advisory_lock(7)'),
  listen: (context) => inSession(context, 'LISTEN rude'),
  'temp-table': async ({ db }) => {
    await db.connection().execute(async (one) => {
      await sql`SET default_transaction_read_only = off`.execute(one);
      await sql`CREATE TEMP TABLE bots (name text)`.execute(one);
    });
  },
  begun: (context) => inSession(context, 'BEGIN'),
  'begun-and-failed': async (context) => {
    await inSession(context, 'BEGIN');
    await inSession(context, 'SELECT 1/0').catch(() => {});
  },
  'open-transaction': ({ db }) => db.startTransaction().execute(),
  'both-sessions': async ({ db }) => {
    await db.startTransaction().execute();
    await db.startTransaction().execute();
  },
  'at-work': ({ db }) => void sql`SELECT pg_sleep(60)`.execute(db).catch(() => {}),
  destroyed: ({ db }) => db.destroy(),
};

const mb = 2 ** 20;
const fill = (megabytes: number) => Array.from({ length: megabytes }, () => Buffer.alloc(mb, 1));

export const bots = [
  ...Object.entries(messages).map(([name, run]) => bot(name, run)),
  ...Object.entries(changes).map(([name, [change]]) =>
    bot(name, async () => {
      await change();
      return clean;
    }),
  ),
  ...Object.entries(sessions).map(([name, rude]) =>
    bot(name, async (_, context) => {
      await rude(context);
      return clean;
    }),
  ),
  bot('well', async () => clean),
  bot('reads', async (_, { db }) => {
    await sql`SELECT FROM bots`.execute(db);
    await fetch('http://127.0.0.1:9').catch(() => {});
    crypto.randomUUID();
    execSync('true');
    return clean;
  }),
  bot('looks', async (_, { db }) => {
    const { rows } = await sql`
      SELECT current_setting('statement_timeout') AS timeout, current_setting('search_path') AS path,
             current_setting('TimeZone') AS zone, current_setting('DateStyle') AS style,
             current_setting('default_transaction_read_only') AS "readOnly",
             current_setting('default_transaction_isolation') AS isolation,
             current_user AS "user", session_user AS login,
             (SELECT count(*)::int FROM pg_prepared_statements WHERE name = 'p') AS prepared,
             (SELECT count(*)::int FROM pg_cursors WHERE name = 'c') AS cursors,
             (SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory' AND objid = 7) AS locks,
             (SELECT count(*)::int FROM pg_listening_channels()) AS channels,
             to_regclass('pg_temp.bots') IS NULL AS "noTable"`.execute(db);
    // Both sessions that a check may have.
    await db.transaction().execute(async () => sql`SELECT FROM bots`.execute(db));
    return {
      examined: ['x'],
      findings: [
        {
          severity: 'low',
          category: 'trouble',
          title: 'session',
          component: 'x',
          metadata: { ...(rows[0] as object), pid: process.pid },
        },
      ],
    };
  }),
  bot('throws-later', async () => {
    setTimeout(() => {
      throw new Error('an old timer');
    }, 400).unref();
    return clean;
  }),
  bot('exits-later', async () => {
    setTimeout(() => process.exit(7), 400).unref();
    return clean;
  }),
  bot('takes-a-second', async () => {
    await sleep(1_000);
    return clean;
  }),
  bot('leaks', async () => {
    held.push(fill(40));
    return clean;
  }),
  bot('takes-100-mb', async () => {
    fill(100);
    await sleep(500);
    return clean;
  }),
  bot('ends-and-leaves', async () => {
    const inherit = ['ignore', 'ignore', 'inherit'] as const;
    spawn('sleep', ['86394'], { detached: true, env: {}, stdio: [...inherit] }).unref();
    execSync('setsid sleep 86394 &', { stdio: [...inherit] });
    process.exit(1);
  }),
  bot(
    'spins-and-leaves',
    async () => {
      spawn('sleep', ['86393'], { detached: true }).unref();
      orphan(86_393);
      for (;;);
    },
    2,
  ),
  bot('odd-names', async () => ({
    examined: ['x'],
    findings: ['__proto__', 'constructor', 'toString', 'hasOwnProperty'].map((component) => ({
      severity: 'high',
      category: component,
      title: component,
      component,
      key: component,
      metadata: JSON.parse(`{"__proto__": {"x": 1}, "constructor": 2, "toString": 3}`),
    })),
  })),
  bot('counts-too-far', async () => ({
    examined: { count: 2 ** 31, except: [] },
    findings: [],
  })),
  bot('names-too-much', async () => ({
    examined: Array.from({ length: 100_000 }, (_, i) => `${i}`.padStart(1_000, 'k')),
    findings: [],
  })),
  bot('finds-too-much', async () => ({
    examined: ['x'],
    findings: Array.from({ length: 1_000 }, (_, i) => ({
      severity: 'low' as const,
      category: 'trouble',
      title: 'much',
      description: 'd'.repeat(10_000),
      component: `c${i}`,
      dependsOn: Array.from({ length: 100 }, () => 'p'.repeat(900)),
    })),
  })),
  bot('throws-oddly', async () => {
    throw Object.create(null);
  }),
  bot('throws-much', async () => {
    throw new Error('m'.repeat(100 * mb));
  }),
];

export const remedies = [];
