/** Bots whose checks change their process, their sessions or the worker and do not undo it. */
import buffer from 'node:buffer';
import { execSync, spawn } from 'node:child_process';
import dgram from 'node:dgram';
import channels from 'node:diagnostics_channel';
import dns, { setServers } from 'node:dns';
import events from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import Module from 'node:module';
import net from 'node:net';
import { setPriority } from 'node:os';
import stream from 'node:stream';
import { setInterval as everyMs, setTimeout as sleep } from 'node:timers/promises';
import tls from 'node:tls';
import v8 from 'node:v8';
import { Worker } from 'node:worker_threads';
import pg from 'pg';
import { defineBot, sql, z, type Check, type CheckContext } from '../../src/bot.ts';
import { frameOf } from '../../src/children/frames.ts';

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

/** Does something, then waits: it is detected in the meantime. */
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

/** Messages that a check itself sends to its worker. */
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

/** Starts a process in a new session, whose parent then ends. */
const orphan = (seconds: number) => execSync(`setsid sleep ${seconds} &`, { stdio: 'ignore' });

/** Replaces a function by another one that does the same. */
function patch(object: object, name: string): void {
  const before = Reflect.get(object, name) as (...given: unknown[]) => unknown;
  Reflect.set(object, name, function patched(this: unknown, ...given: unknown[]) {
    return before.apply(this, given);
  });
}

/** Adds a property that no loop over the properties finds. */
const hide = (object: object, name: string) => Object.defineProperty(object, name, { value: 1 });

/** Kept by the module, as a catalogue may do. */
const { setTypeParser } = pg.types;

const listening = (server: net.Server, where: net.ListenOptions = { port: 0 }) =>
  new Promise<void>((done) => server.listen(where, done).unref());

/** What a check changes or leaves in its process, with the part of the message that names it. */
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
  'hidden-global': [() => hide(globalThis, 'hidden'), 'globalThis.hidden'],
  'symbol-global': [
    () => Reflect.set(globalThis, Symbol.for('leaked'), 1),
    'globalThis.Symbol(leaked)',
  ],
  files: [
    () => held.push(...Array.from({ length: 50 }, () => fs.openSync('/dev/null', 'r'))),
    'files',
  ],
  process: [() => spawn('sleep', ['86395'], { detached: true }).unref(), 'a process'],
  'bare-process': [() => spawn('sleep', ['86395'], { detached: true, env: {} }).unref(), 'process'],
  orphan: [() => orphan(86_395), 'a process'],
};

/** The same for changes that one message names together. */
export const together: Record<string, typeof changes> = {
  'changes-objects': {
    'own-most-listeners': [() => process.setMaxListeners(1), 'process._maxListeners'],
    'agents-sockets': [() => (https.globalAgent.maxSockets = 1), 'https.globalAgent.maxSockets'],
    dispatcher: [
      () => Reflect.set(globalThis, Symbol.for('undici.globalDispatcher.1'), {}),
      'globalThis.Symbol(undici.globalDispatcher.1)',
    ],
    polyfill: [() => hide(Array.prototype, 'last'), 'Array.prototype.last'],
    loader: [() => patch(Module, '_load'), 'module._load'],
    'messages-of-zod': [() => z.config({ customError: () => 'no' }), 'customError'],
    'pg-defaults': [() => (pg.defaults.parseInputDatesAsUTC = true), 'pg.defaults.parseInput'],
  },
  'changes-settings': {
    captured: [
      () => process.setUncaughtExceptionCaptureCallback(() => {}),
      'process.setUncaughtExceptionCaptureCallback',
    ],
    authorities: [() => tls.setDefaultCACertificates([]), 'tls.setDefaultCACertificates'],
    'source-maps': [() => process.setSourceMapsEnabled(true), 'source maps'],
    'v8-flags': [() => v8.setFlagsFromString('--stack-size=900'), 'flags of V8'],
    arguments: [() => process.argv.push('--verbose'), 'process.argv'],
    report: [() => (process.report.reportOnUncaughtException = true), 'process.report'],
    'result-order': [() => dns.setDefaultResultOrder('ipv6first'), 'dns.setDefaultResultOrder'],
    'address-family': [
      () => net.setDefaultAutoSelectFamily(false),
      'net.setDefaultAutoSelectFamily',
    ],
    'address-pause': [
      () => net.setDefaultAutoSelectFamilyAttemptTimeout(1_234),
      'net.setDefaultAutoSelectFamilyAttemptTimeout',
    ],
    'most-listeners': [() => (events.defaultMaxListeners = 1), 'events.defaultMaxListeners'],
    'water-mark': [
      () => stream.setDefaultHighWaterMark(false, 1),
      'stream.setDefaultHighWaterMark',
    ],
    'inspected-bytes': [() => (buffer.INSPECT_MAX_BYTES = 1), 'buffer.INSPECT_MAX_BYTES'],
    agent: [() => (http.globalAgent = new http.Agent()), 'http.globalAgent'],
    'agents-listener': [
      () => https.globalAgent.on('free', () => {}),
      'listeners to free of https.globalAgent',
    ],
    subscriber: [
      () => channels.subscribe('http.client.request.start', () => {}),
      'subscribers to channels',
    ],
    'type-parser': [
      () => pg.types.setTypeParser(pg.types.builtins.TIMESTAMPTZ, (text) => text),
      'pg.types for the type 1184',
    ],
    'kept-type-parser': [
      () => setTypeParser(99_999 as never, 'binary', (text: unknown) => text),
      'pg.types for the type 99999',
    ],
    'counts-as-numbers': [() => (pg.defaults.parseInt8 = true), 'pg.types for the type 20'],
    interval: [() => setInterval(() => {}, 5).unref(), 'an unreferenced interval'],
    'promised-interval': [
      async () => {
        const times = everyMs(5, undefined, { ref: false });
        await times.next();
      },
      'an unreferenced interval',
    ],
    'own-server': [() => listening(net.createServer()), 'an unreferenced server'],
    'web-server': [() => listening(http.createServer()), 'an unreferenced server'],
    'file-server': [
      () => listening(net.createServer(), { path: `/tmp/roundsman-${process.pid}.sock` }),
      'an unreferenced server',
    ],
    datagrams: [
      () => new Promise<void>((done) => dgram.createSocket('udp4').unref().bind(0, done)),
      'an unreferenced UDP socket',
    ],
    watched: [() => fs.watch('/tmp', { persistent: false }), 'an unreferenced watched file'],
    polled: [
      () => fs.watchFile('/tmp', { persistent: false }, () => {}),
      'an unreferenced watched file',
    ],
  },
};

const inSession = ({ db }: CheckContext, text: string) => sql.raw(text).execute(db);

/** What a check does to its database sessions. */
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
  ...Object.entries(together).map(([name, all]) =>
    bot(name, async () => {
      for (const [change] of Object.values(all)) await change();
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
  bot('uses', async (config, { db }) => {
    const { url } = config as { url: string };
    await (await fetch(url)).text();
    // The bodies of these answers are not read.
    await fetch(url);
    await new Promise((done) => http.get(url, (answer) => answer.resume().on('end', done)));
    const agent = new http.Agent({ keepAlive: true, timeout: 60_000 });
    await new Promise((done) =>
      http.get(url, { agent }, (answer) => answer.resume().on('end', done)),
    );
    setTimeout(() => {}, 60_000).unref();
    void sleep(60_000, undefined, { ref: false });
    AbortSignal.timeout(60_000);
    const every = setInterval(() => {}, 1).unref();
    await sleep(5);
    clearInterval(every);
    for await (const _ of everyMs(1, undefined, { ref: false })) break;
    const server = http.createServer();
    await listening(server);
    await new Promise((done) => server.close(done));
    const socket = dgram.createSocket('udp4');
    await new Promise<void>((done) => socket.bind(0, done));
    socket.close();
    fs.watch('/tmp', { persistent: false }).close();
    fs.watchFile('/tmp', () => {});
    fs.unwatchFile('/tmp');
    await sql`SELECT now()`.execute(db);
    return clean;
  }),
  bot('starts-again', async () => {
    const again = () => void setTimeout(again, 5).unref();
    again();
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
    // A check may have two sessions: this uses both.
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
