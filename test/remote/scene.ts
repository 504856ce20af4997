/** A bot at an address of a server that the test runs, over real TLS, and an engine that calls it. */
import { randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { sql } from 'kysely';
import type { Remedy } from '../../src/bot.ts';
import type { KnowledgeSeed } from '../../src/contract/bot.ts';
import { storeSealed } from '../../src/data/secrets/rows.ts';
import { readKeyRing } from '../../src/ground/secrets/key-ring.ts';
import { registerCatalogue } from '../../src/schedule/register.ts';
import { insertBot } from '../cli/rows.ts';
import { aBot, catalogue, clean } from '../support/builders.ts';
import { keptForFile } from '../support/at-end.ts';
import { authority, trust } from '../support/certificates.ts';
import { anEngine } from '../support/engine.ts';
import { serveHttps } from '../support/http-server.ts';
import { run } from '../support/runs.ts';

export const signingSecret = `whsec_${Buffer.from('a key of a test, 32 bytes long..').toString('base64')}`;
export const cronSecret = 'k9Xw-3bTq7Lz-cron';

export interface Seen {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
  /** the connection itself, for answers that no server would write */
  socket: Duplex;
}

export type Answer = (seen: Seen, response: ServerResponse) => void;

/** An answer of the contract signed in which one check has looked at one key. */
export const calm = { checks: [{ name: 'mails', examined: ['outbox'], findings: [] }] };

export const json = (value: unknown, status = 200, headers: object = {}): Answer => {
  const body = typeof value === 'string' ? value : JSON.stringify(value);
  return (_, response) =>
    void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
};

/** Serves HTTPS with a certificate that this process trusts until the test ends. */
export async function serveTrusted(listener: Parameters<typeof serveHttps>[0]) {
  const own = authority();
  trust(own);
  return { ...(await serveHttps(listener, own.issue('bot', 'IP:127.0.0.1'))), ca: own.ca };
}

interface SceneOptions {
  config?: object;
  /** the host and port, and the path, of the bot's endpoint; the scene's own server unless given */
  endpoint?: string;
  hosts?: string[];
  stored?: Record<string, string>;
  /** it loses its connections, or holds rows for longer than itself, so it shares nothing with other tests */
  own?: true;
  /** entries of knowledge, and the remedies that they name */
  cures?: { knowledge: KnowledgeSeed[]; remedies: Remedy[] };
}

/** What the scenes of a file share: opening it takes ten times as long as most tests that use it. */
async function openEngine(cures: SceneOptions['cures']) {
  const current: { seen: Seen[]; answer: Answer } = { seen: [], answer: () => {} };
  const served = await serveTrusted(async (incoming, response) => {
    const { method = '', url = '', headers, socket } = incoming;
    const one = { method, url, headers, body: await text(incoming), socket };
    current.seen.push(one);
    current.answer(one, response);
  });
  const keys = readKeyRing(`k1:${randomBytes(32).toString('base64')}`);
  const told: string[] = [];
  const engine = await anEngine(
    { name: 'postgres' },
    catalogue(
      [aBot('other', async () => clean('nothing'), { knowledge: cures?.knowledge ?? [] })],
      cures?.remedies,
    ),
    {
      sources: { keys, variable: () => undefined },
      hear: (event) => void told.push(JSON.stringify(event)),
    },
  );
  const settings = await engine.db.selectFrom('engine.settings').selectAll().execute();
  return { current, served, keys, told, engine, settings };
}

const keep = keptForFile();
let shared: ReturnType<typeof openEngine> | undefined;

/** The shared engine as if it were new. What a redaction has learnt stays. */
async function sharedEngine() {
  const isFirst = shared === undefined;
  shared ??= keep(() => openEngine(undefined));
  const opened = await shared;
  if (isFirst) return opened;
  const { current, told, engine, settings } = opened;
  Object.assign(current, { seen: [], answer: () => {} });
  told.length = 0;
  const tables = [
    'bots',
    'bot_tickets',
    'bot_notifications',
    'engine.remote_reports',
    'engine.secrets',
    'engine.settings',
  ];
  await sql`TRUNCATE ${sql.join(tables.map((name) => sql.table(name)))} CASCADE`.execute(engine.db);
  await engine.db
    .insertInto('engine.settings')
    .values(settings.map(({ value, ...rest }) => ({ ...rest, value: JSON.stringify(value) })))
    .execute();
  await registerCatalogue(engine.db, engine.catalogue);
  return opened;
}

export async function remoteScene(first: Answer, options: SceneOptions = {}) {
  const isOwn = options.own || options.cures !== undefined || options.stored !== undefined;
  const opened = await (isOwn ? openEngine(options.cures) : sharedEngine());
  const { current, served, keys, told, engine } = opened;
  const scene = current;
  const { seen } = current;
  current.answer = first;
  const { db } = engine;
  const { stored = { BOT_KEY: signingSecret, CRON_KEY: cronSecret } } = options;
  for (const [name, value] of Object.entries(stored))
    await storeSealed(db, keys, { name, value, actor: 'ann' });
  await allow(options.hosts ?? [served.host]);
  await insertBot(db, 'mail', {
    api_endpoint: options.endpoint ?? `${served.url}/api/bots/mail`,
    schedule_cron: '*/5 * * * *',
    config: { secrets: ['BOT_KEY'], ...options.config },
  });
  async function allow(hosts: string[]) {
    await sql`
      INSERT INTO engine.settings (key, value) VALUES ('http_hosts', ${JSON.stringify(hosts)}::jsonb)
      ON CONFLICT (key) DO UPDATE SET value = excluded.value`.execute(db);
  }
  return {
    ...served,
    engine,
    db,
    keys,
    seen,
    told,
    scene,
    allow,
    round: (values: object = { max_attempts: 1 }) => run(engine, 'mail', values),
    configure: (config: object) =>
      db
        .updateTable('bots')
        .set({ config: JSON.stringify({ secrets: ['BOT_KEY'], ...config }) })
        .where('name', '=', 'mail')
        .execute(),
    findings: () => db.selectFrom('bot_findings').selectAll().orderBy('detected_at').execute(),
    /** Lets the time be over that a server has asked to wait. */
    endWait: () =>
      sql`UPDATE engine.check_memories
          SET remembered = jsonb_set(remembered, '{until}', '"1970-01-01T00:00:00.000Z"')`.execute(
        db,
      ),
    /** why the run's only check has no result */
    async whySkipped() {
      const { metadata } = await db
        .selectFrom('bot_executions')
        .select('metadata')
        .orderBy('started_at', 'desc')
        .limit(1)
        .executeTakeFirstOrThrow();
      return JSON.stringify(metadata);
    },
  };
}
