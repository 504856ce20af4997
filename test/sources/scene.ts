/** A source whose deliveries reach a real listener over HTTP, and an engine whose runs read them. */
import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { expect, onTestFinished } from 'vitest';
import { currentTime } from '../../src/data/bots/engine.ts';
import { storeSealed } from '../../src/data/secrets/rows.ts';
import { readKeyRing } from '../../src/ground/secrets/key-ring.ts';
import { openReceiver } from '../../src/services/sources/receive.ts';
import { kindOf } from '../../src/sources/kinds/index.ts';
import { queueEventRuns } from '../../src/transitions/runs/queue-event.ts';
import { listen } from '../../src/web/listen.ts';
import type { Bot } from '../../src/contract/bot.ts';
import type { Remedy } from '../../src/contract/remedy.ts';
import { insertBot } from '../cli/rows.ts';
import { aBot, catalogue, clean } from '../support/builders.ts';
import { movableClock } from '../support/clocks.ts';
import { anEngine } from '../support/engine.ts';
import { attempt, queuedRun } from '../support/runs.ts';
import { signingKey } from './key.ts';

interface SceneOptions {
  kind?: string;
  config?: object;
  stored?: Record<string, string>;
  bots?: Bot[];
  remedies?: Remedy[];
}

export async function sourceScene({
  kind = 'plain',
  config = {},
  stored = { IN_KEY: signingKey },
  bots = [aBot('other', async () => clean('nothing'))],
  remedies = [],
}: SceneOptions = {}) {
  const keys = readKeyRing(`k1:${randomBytes(32).toString('base64')}`);
  const secretSources = { keys, variable: () => undefined };
  const told: string[] = [];
  const engine = await anEngine({ name: 'postgres' }, catalogue(bots, remedies), {
    sources: secretSources,
    hear: (event) => void told.push(JSON.stringify(event)),
  });
  const { db, emit } = engine;
  for (const [name, value] of Object.entries(stored))
    await storeSealed(db, keys, { name, value, actor: 'ann' });
  const bot = await insertBot(db, 'alarms', {
    api_endpoint: 'in:alarms',
    schedule_cron: '*/5 * * * *',
    config: { kind, secrets: ['IN_KEY'], ...config },
  });
  // As planning does.
  await sql`UPDATE bots SET checked_version = definition_version WHERE name = 'alarms'`.execute(db);
  const receiver = openReceiver({ secretSources, emit });
  const listener = await listen({
    host: '127.0.0.1',
    port: 0,
    database: () => db,
    sources: secretSources,
    emit,
    receiver,
  });
  onTestFinished(() => listener.close(0));
  const url = `http://127.0.0.1:${listener.port}`;

  async function post(body: string | Buffer, headers: Record<string, string>, path = '/in/alarms') {
    const answer = await fetch(`${url}${path}`, { method: 'POST', body: body as string, headers });
    return { status: answer.status, headers: answer.headers, text: await answer.text() };
  }

  /** Sends a document as its sender does, with a new delivery id where the signature holds one. */
  async function send(document: unknown, more: Record<string, string> = {}, secret = signingKey) {
    const body = JSON.stringify(document);
    const signed = await kindOf(kind).sign(body, secret, await currentTime(db));
    return (await post(body, { ...signed, ...more })).status;
  }

  return {
    engine,
    db,
    keys,
    bot,
    url,
    told,
    post,
    send,
    /** The alarms of our own document. */
    alarm: (key: string, state = 'firing', rest: object = {}) =>
      send({ alarms: [{ key, state, title: `${key} is broken`, component: key, ...rest }] }),
    /** What the scheduler does in a tick, and the worker afterwards: the ended runs. */
    async round() {
      const entries = await queueEventRuns(db);
      const ended = [];
      for (const { id } of entries) ended.push(await attempt(engine, id));
      return ended;
    },
    /** A run of the bot's schedule. */
    slot: async () =>
      attempt(
        engine,
        await queuedRun(db, 'alarms', { trigger: 'schedule', scheduled_for: new Date() }),
      ),
    /** Moves the database's clock, as `movableClock` does, and waits until the listener has read it: it asks every two seconds. */
    async movable() {
      const move = await movableClock(db);
      return async (seconds: number) => {
        await move(seconds);
        await expect.poll(() => send({ alarms: [] }), { timeout: 10_000, interval: 100 }).toBe(202);
      };
    },
    inbox: () => db.selectFrom('engine.inbox').selectAll().orderBy('number').execute(),
    findings: () =>
      db
        .selectFrom('bot_findings')
        .select([
          'component_key',
          'title',
          'severity',
          'occurrences',
          'resolved_at',
          'resolution_method',
          'unexamined_since',
        ])
        .where('check_name', '=', 'deliveries')
        .orderBy('component_key')
        .execute(),
    /** Lets `minutes` pass for what arrived. */
    age: (minutes: number) =>
      sql`UPDATE engine.inbox SET received_at = received_at - make_interval(mins => ${minutes})`.execute(
        db,
      ),
  };
}
