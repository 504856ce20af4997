/** A remote bot of the contract `async`, over real TLS, and a real listener that takes its reports. */
import { Webhook } from 'standardwebhooks';
import { expect, onTestFinished } from 'vitest';
import { sql } from 'kysely';
import { openEvents } from '../../src/events/events.ts';
import type { EngineEvent } from '../../src/events/kinds.ts';
import { requestDocument } from '../../src/remote/document.ts';
import { listen, type Listener } from '../../src/web/listen.ts';
import { json, remoteScene, signingSecret, type Answer, type Seen } from './scene.ts';

export const takesOn = (seconds = 30): Answer => json({ lease_seconds: seconds }, 202);

interface ReportOptions {
  secret?: string;
  at?: Date;
  /** in place of the id of the request, in the header alone */
  webhookId?: string;
  /** in place of the id of the request, in the address and the header */
  id?: string;
  headers?: Record<string, string>;
}

/** What the request asked. */
export const askedBy = ({ body }: Seen) => requestDocument.parse(JSON.parse(body));

export async function asyncScene(
  first: Answer = takesOn(),
  { config = {}, ...options }: Parameters<typeof remoteScene>[1] = {},
) {
  // A run that waits may outlive its test.
  const scene = await remoteScene(first, {
    ...options,
    own: true,
    config: { contract: 'async', ...config },
  });
  const { db, keys, seen } = scene;
  const events: EngineEvent[] = [];
  let listener: Listener | null = null;
  const { emit, subscribe } = openEvents();
  subscribe((event) => void events.push(event));

  async function open(port = 0): Promise<Listener> {
    const sources = { keys, variable: () => undefined };
    return (listener = await listen({
      host: '127.0.0.1',
      port,
      database: () => db,
      sources,
      emit,
    }));
  }
  const { port } = await open();
  onTestFinished(() => listener?.close(0));
  await sql`INSERT INTO engine.settings (key, value) VALUES ('web_url', ${JSON.stringify(`http://127.0.0.1:${port}`)}::jsonb)`.execute(
    db,
  );

  /** Sends a report to the address that the request named, signed by the library of Standard Webhooks. */
  async function report(request: Seen, body: unknown, options: ReportOptions = {}) {
    const { url } = askedBy(request).callback!;
    const own = request.headers['webhook-id'] as string;
    const { secret = signingSecret, at = new Date(), id = own } = options;
    const { webhookId = id, headers = {} } = options;
    const text =
      typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
    const signed = typeof text === 'string' ? text : Buffer.from(text).toString('latin1');
    const answer = await fetch(url.replace(own, id), {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'webhook-id': webhookId,
        'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
        'webhook-signature': new Webhook(secret).sign(webhookId, at, signed),
        ...headers,
      },
      body: text as string,
    });
    return { status: answer.status, body: (await answer.json()) as { error?: string } };
  }

  return {
    ...scene,
    events,
    report,
    open,
    port,
    close: () => listener!.close(0),
    rows: () => db.selectFrom('engine.remote_reports').selectAll().orderBy('asked_at').execute(),
    /** The newest request, once `count` of them have come and the newest one was taken on. */
    async taken(count = 1): Promise<Seen> {
      await expect
        .poll(
          async () => {
            const { rows } = await sql<{ count: number }>`
              SELECT count(*)::int FROM engine.remote_reports WHERE accepted_at IS NOT NULL`.execute(
              db,
            );
            return Math.min(rows[0]!.count, seen.length);
          },
          { timeout: 20_000, interval: 20 },
        )
        .toBeGreaterThanOrEqual(count);
      return seen.at(-1)!;
    },
  };
}
