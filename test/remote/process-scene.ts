/** A remote bot that real processes of Roundsman call: what its server saw, and what became of the runs. */
import { randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { sql } from 'kysely';
import { expect } from 'vitest';
import { storeSealed } from '../../src/data/secrets/rows.ts';
import { readKeyRing } from '../../src/ground/secrets/key-ring.ts';
import { insertBot } from '../cli/rows.ts';
import { authority } from '../support/certificates.ts';
import { testDatabaseWithQueue } from '../support/database.ts';
import { serveHttps } from '../support/http-server.ts';
import { roundsman, type Running } from '../support/installation.ts';
import { queuedRun, rowOf } from '../support/runs.ts';

export const settled = { timeout: 60_000, interval: 50 };

export interface Called {
  headers: IncomingHttpHeaders;
  body: string;
}

/** `answer` gets how many requests have come, from 1 on. `config`: of the bot, which is called `mail`. */
export async function processScene(
  checkout: string,
  answer: (count: number, response: ServerResponse, incoming: IncomingMessage) => void,
  config: object = {},
) {
  const { db, url } = await testDatabaseWithQueue();
  const ring = `k1:${randomBytes(32).toString('base64')}`;
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  const own = authority();
  const seen: Called[] = [];
  const served = await serveHttps(
    async (incoming, response) => {
      seen.push({ headers: incoming.headers, body: await text(incoming) });
      answer(seen.length, response, incoming);
    },
    own.issue('bot', 'IP:127.0.0.1'),
  );
  await storeSealed(db, readKeyRing(ring), { name: 'BOT_KEY', value: secret, actor: 'ann' });
  await sql`INSERT INTO engine.settings (key, value) VALUES ('http_hosts', ${JSON.stringify([served.host])}::jsonb)`.execute(
    db,
  );
  await insertBot(db, 'mail', {
    api_endpoint: `${served.url}/api/bots/mail`,
    schedule_cron: '@yearly',
    config: { secrets: ['BOT_KEY'], ...config },
  });
  const settings = {
    DATABASE_URL: url,
    ROUNDSMAN_KEYS: ring,
    NODE_EXTRA_CA_CERTS: own.ca,
  };
  return {
    db,
    seen,
    /** the ids of the requests, without the id of the run: its attempt */
    asked: () => seen.map(({ headers }) => String(headers['webhook-id']).replace(/^[^_]*_/, '')),
    async start(...args: string[]): Promise<Running> {
      const running = roundsman(checkout, settings, ...args);
      await expect.poll(() => running.lines().map(({ msg }) => msg), settled).toContain('started');
      return running;
    },
    queued: () => queuedRun(db, 'mail', { max_attempts: 3, generation: 0 }),
    row: (id: string) => rowOf(db, id),
  };
}
