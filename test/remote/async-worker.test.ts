/** An asynchronous bot with processes of their own: workers that are killed while they wait, and a listener that is killed. */
import { randomBytes } from 'node:crypto';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { text } from 'node:stream/consumers';
import { sql } from 'kysely';
import { Webhook } from 'standardwebhooks';
import { expect, test } from 'vitest';
import { storeSealed } from '../../src/data/secrets/rows.ts';
import { readKeyRing } from '../../src/ground/secrets/key-ring.ts';
import { requestDocument } from '../../src/remote/document.ts';
import { insertBot } from '../cli/rows.ts';
import { everythingIn, formsOf } from '../heal/secret-scene.ts';
import { authority, hasOpenssl } from '../support/certificates.ts';
import { testDatabaseWithQueue } from '../support/database.ts';
import { serveHttps } from '../support/http-server.ts';
import { install, roundsman, type Running } from '../support/installation.ts';
import { queuedRun, rowOf } from '../support/runs.ts';
import { calm } from './scene.ts';

const checkout = install('slow-bots.ts');
const settled = { timeout: 60_000, interval: 50 };
const secret = `whsec_${randomBytes(32).toString('base64')}`;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** A worker has started when it says so, and a listener when its port is open. */
const ready = ({ lines }: Running, message: string) =>
  expect.poll(() => lines().map(({ msg }) => msg), settled).toContain(message);

test.runIf(hasOpenssl)(
  'a worker and a listener are killed while a report is awaited: the next attempt asks anew, and only its report counts',
  async () => {
    const { db, url } = await testDatabaseWithQueue();
    const ring = `k1:${randomBytes(32).toString('base64')}`;
    const own = authority();
    const seen: { headers: IncomingHttpHeaders; body: string }[] = [];
    const served = await serveHttps(
      async (incoming, response) => {
        seen.push({ headers: incoming.headers, body: await text(incoming) });
        response.writeHead(202).end('{"lease_seconds":60}');
      },
      own.issue('bot', 'IP:127.0.0.1'),
    );
    const port = await freePort();
    await storeSealed(db, readKeyRing(ring), { name: 'BOT_KEY', value: secret, actor: 'ann' });
    for (const [key, value] of [
      ['http_hosts', [served.host]],
      ['web_url', `http://127.0.0.1:${port}`],
    ])
      await sql`INSERT INTO engine.settings (key, value) VALUES (${key}, ${JSON.stringify(value)}::jsonb)`.execute(
        db,
      );
    await insertBot(db, 'mail', {
      api_endpoint: `${served.url}/api/bots/mail`,
      schedule_cron: '@yearly',
      config: { contract: 'async', secrets: ['BOT_KEY'] },
    });
    const settings = {
      DATABASE_URL: url,
      ROUNDSMAN_KEYS: ring,
      NODE_EXTRA_CA_CERTS: own.ca,
      // Neither reaches a child: it would otherwise ask a proxy that is not there.
      HTTPS_PROXY: 'http://127.0.0.1:1',
      NODE_USE_ENV_PROXY: '1',
    };
    const all: Running[] = [];
    const start = async (...args: string[]) => {
      const running = roundsman(checkout, settings, ...args);
      all.push(running);
      await ready(running, args[0] === 'web' ? 'listening' : 'started');
      return running;
    };
    const [worker, web] = await Promise.all([
      start('worker'),
      start('web', '--port', String(port)),
    ]);
    const asked = (at: number) => requestDocument.parse(JSON.parse(seen[at]!.body));
    const report = (at: number, body = JSON.stringify(calm)) => {
      const id = seen[at]!.headers['webhook-id'] as string;
      const now = new Date();
      return fetch(asked(at).callback!.url, {
        method: 'POST',
        body,
        headers: {
          'webhook-id': id,
          'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
          'webhook-signature': new Webhook(secret).sign(id, now, body),
        },
      }).then(({ status }) => status);
    };
    const taken = (count: number) =>
      expect
        .poll(async () => {
          const { rows } = await sql<{ count: number }>`
              SELECT count(*)::int FROM engine.remote_reports WHERE accepted_at IS NOT NULL`.execute(
            db,
          );
          return rows[0]!.count;
        }, settled)
        .toBe(count);
    const id = await queuedRun(db, 'mail', { max_attempts: 3, generation: 0 });
    await taken(1);
    expect(asked(0).run).toMatchObject({ id, attempt: 1 });
    const shown = commandLines();
    worker.child.kill('SIGKILL');
    await worker.ended;
    await start('worker');
    await taken(2);
    expect(asked(1).run).toMatchObject({ id, attempt: 2 });
    await expect.poll(() => report(0), settled).toBe(410);
    web.child.kill('SIGKILL');
    await web.ended;
    await expect(report(1)).rejects.toThrow('fetch failed');
    await start('web', '--port', String(port));
    // 503 until the new listener has reached the database.
    await expect.poll(() => report(1), settled).toBe(202);
    expect(await report(1)).toBe(202);
    await expect.poll(async () => (await rowOf(db, id)).status, settled).toBe('success');
    expect(await rowOf(db, id)).toMatchObject({ attempt: 2, checks_performed: 1 });
    expect(seen).toHaveLength(2);
    const everything = [
      await everythingIn(db),
      shown,
      ...all.flatMap(({ heard }) => [heard.out, heard.err]),
    ].join('\n');
    expect(formsOf(secret).filter((form) => everything.includes(form))).toEqual([]);
  },
  180_000,
);

/** The command lines and environments of all processes that this one may read. */
function commandLines(): string {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
    .flatMap((pid) =>
      ['cmdline', 'environ'].map((file) => {
        try {
          return readFileSync(`/proc/${pid}/${file}`, 'latin1');
        } catch {
          // The process ended in between, or belongs to another user.
          return '';
        }
      }),
    )
    .join('\n');
}
