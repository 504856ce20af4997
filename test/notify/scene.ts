/** A database with tickets, channels and a receiver on loopback, and the two jobs carried out in the test's process. */
import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { sql } from 'kysely';
import { pino } from 'pino';
import { Webhook } from 'standardwebhooks';
import { onTestFinished } from 'vitest';
import { deliver } from '../../jobs/deliver.ts';
import { routeEvents } from '../../jobs/route-events.ts';
import type { Db } from '../../src/database/connect.ts';
import type { Opened } from '../../src/data/secrets/open.ts';
import type { EngineEvent } from '../../src/events/kinds.ts';
import { eventsTo } from '../../src/events/log-events.ts';
import { keepJobLeases } from '../../src/run/jobs/job-leases.ts';
import type { JobEngine } from '../../src/run/jobs/job-engine.ts';
import { registerJobs } from '../../src/schedule/register-jobs.ts';
import { testDatabase } from '../support/database.ts';
import { serveHttp } from '../support/http-server.ts';
import { aRun, carried } from '../jobs/job-flow.ts';

export const key = `whsec_${Buffer.from('a key of thirty-two bytes, or so').toString('base64')}`;

export interface Received {
  id: string;
  path: string;
  type: string;
  data: any;
  headers: IncomingHttpHeaders;
  at: number;
}

/** Takes messages, checks their signatures, and answers as `answer` says: 204 unless told. */
export async function receiver(
  answer: (received: Received, response: ServerResponse) => unknown = () => {},
) {
  const received: Received[] = [];
  const { url, host } = await serveHttp(async (incoming, response) => {
    const body = await text(incoming).catch(() => '');
    const { headers } = incoming;
    const { type, data } = new Webhook(key).verify(body, headers as never) as any;
    const one = {
      id: String(headers['webhook-id']),
      path: incoming.url ?? '',
      type,
      data,
      headers,
      at: performance.now(),
    };
    received.push(one);
    await answer(one, response);
    if (!response.writableEnded && !response.destroyed)
      response.writeHead(response.statusCode === 200 ? 204 : response.statusCode).end();
  });
  return { received, url, host };
}

export const setNotifications = (db: Db, document: object) =>
  sql`INSERT INTO engine.settings (key, value) VALUES ('notifications', ${JSON.stringify(document)}::jsonb)
      ON CONFLICT (key) DO UPDATE SET value = excluded.value`.execute(db);

/** One channel `ops` to this receiver, which is told of everything. */
export const toldOps = (host: string, rest: object = {}) => ({
  channels: { ops: { kind: 'webhook', url: `http://${host}/ops`, secret: '{{secret:OPS_KEY}}' } },
  routes: [{ to: ['ops'] }],
  hosts: [host],
  ...rest,
});

interface NewTicket {
  severity?: string;
  title?: string;
  event?: string;
  assigned_to?: string;
}

/** Opens tickets in one transaction, with their event; the newest last. */
export async function openTickets(
  db: Db,
  count: number,
  { severity = 'high', title = 'disk is full', event = 'opened' }: NewTicket = {},
): Promise<{ id: string; number: string }[]> {
  const { rows } = await sql<{ id: string; number: string }>`
    WITH made AS (
      INSERT INTO bot_tickets (fingerprint, severity, title, description, status, created_at, updated_at)
      SELECT ${randomUUID()} || n, ${severity}, ${title} || ' ' || n, 'the description', 'open', engine.now(), engine.now()
      FROM generate_series(1, ${count}::int) n RETURNING id, number
    ), told AS (
      INSERT INTO bot_ticket_events (ticket_id, event, actor, created_at)
      SELECT id, ${event}, 'roundsman', engine.now() FROM made ORDER BY number
    )
    SELECT id, number::text FROM made ORDER BY number`.execute(db);
  return rows;
}

export const happen = (db: Db, ticket: string, event: string, actor = 'ann', detail: object = {}) =>
  sql`INSERT INTO bot_ticket_events (ticket_id, event, actor, detail, created_at)
      VALUES (${ticket}, ${event}, ${actor}, ${JSON.stringify(detail)}::jsonb, engine.now())`.execute(
    db,
  );

export async function resolve(db: Db, ticket: string): Promise<void> {
  await sql`UPDATE bot_tickets SET status = 'resolved', resolved_at = engine.now(), resolved_by = 'ann',
              resolution_notes = 'done' WHERE id = ${ticket}`.execute(db);
  await happen(db, ticket, 'resolved', 'ann', { notes: 'done' });
}

export const messages = (db: Db) =>
  db.selectFrom('bot_notifications').selectAll().orderBy('position').execute();

export const events = (db: Db) =>
  db.selectFrom('bot_ticket_events').selectAll().orderBy('id').execute();

/** What waits is due now. */
export const hurry = (db: Db) =>
  sql`UPDATE bot_notifications SET send_after = engine.now() WHERE status = 'pending'`.execute(db);

export async function scene({ secrets = { OPS_KEY: key } as Record<string, string> } = {}) {
  const { db, url } = await testDatabase();
  await registerJobs(db, [routeEvents, deliver]);
  const heard: EngineEvent[] = [];
  const lines: string[] = [];
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) });
  const bus = eventsTo(log);
  bus.subscribe((event) => void heard.push(event));
  const open = async (names: readonly string[]): Promise<Opened[]> =>
    names.map((name) => {
      if (secrets[name] === undefined) throw new Error(`the secret ${name} is not stored`);
      return { name, value: secrets[name] };
    });
  const engineAs = (worker: string): JobEngine => {
    const leases = keepJobLeases(db, bus.emit);
    onTestFinished(() => leases.stop());
    return {
      worker,
      db,
      databaseUrl: url,
      queue: { add: async () => {} },
      jobs: [routeEvents, deliver],
      leases,
      secrets: { open },
      emit: bus.emit,
      log,
    };
  };
  const engine = engineAs('worker');
  const once = async (job: typeof deliver, by = engine) => {
    await db.deleteFrom('engine.job_runs').where('status', '=', 'queued').execute();
    return carried(by, await aRun(db, job));
  };
  return {
    db,
    url,
    heard,
    lines,
    engine,
    engineAs,
    route: () => once(routeEvents),
    deliver: (by?: JobEngine) => once(deliver, by),
  };
}
