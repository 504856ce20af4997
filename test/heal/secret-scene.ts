/** A bot whose cure is a request with secrets, and the server that it goes to. */
import { randomBytes } from 'node:crypto';
import { type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { sql } from 'kysely';
import { sendHttpRequest } from '../../bots/remedies/http.request.ts';
import type { Remedy } from '../../src/bot.ts';
import { readKeyRing } from '../../src/ground/secrets/key-ring.ts';
import { storeSealed } from '../../src/data/secrets/rows.ts';
import type { Db } from '../../src/database/connect.ts';
import { aBot, catalogue, entry, problem } from '../support/builders.ts';
import { anEngine } from '../support/engine.ts';
import { nothingHeldOut, run, set } from '../support/runs.ts';
import { serveHttp } from '../support/http-server.ts';

export interface Seen {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}

interface SceneOptions {
  /** what the server answers; the problem is gone when it was asked */
  answer?: (seen: Seen, response: ServerResponse) => void;
  remedies?: Remedy[];
  /** what the check says of its finding, beyond that it is there */
  finding?: () => object;
  environment?: Record<string, string>;
}

/** `solution` says what the cure is, with the server's address in the place of SERVER. */
export async function secretScene(
  solution: string,
  { answer, remedies = [], finding = () => ({}), environment = {} }: SceneOptions = {},
) {
  const seen: Seen[] = [];
  const sick = { is: true };
  const { host } = await serveHttp(async (incoming, response) => {
    const { method = '', url = '', headers } = incoming;
    const one = { method, url, headers, body: await text(incoming) };
    seen.push(one);
    sick.is = false;
    if (answer) answer(one, response);
    if (!response.writableEnded) response.end();
  });
  const bot = aBot(
    'watch',
    async () => ({
      examined: { count: 10, except: sick.is ? ['disk'] : [] },
      findings: sick.is ? [problem('disk', finding())] : [],
    }),
    { knowledge: [entry('cure', solution.replaceAll('SERVER', `http://${host}`))] },
  );
  const keys = readKeyRing(`k1:${randomBytes(32).toString('base64')}`);
  const engine = await anEngine(
    { name: 'postgres' },
    catalogue([bot], [sendHttpRequest, ...remedies]),
    { sources: { keys, variable: (name) => environment[name] } },
  );
  const { db } = engine;
  await nothingHeldOut(db);
  await set(db, 'mode', 'auto');
  await sql`INSERT INTO engine.settings (key, value) VALUES ('http_hosts', ${JSON.stringify([host])}::jsonb)`.execute(
    db,
  );
  return {
    engine,
    db,
    keys,
    host,
    seen,
    sick,
    store: (name: string, value: string) => storeSealed(db, keys, { name, value, actor: 'ann' }),
    round: () => run(engine, 'watch', { max_attempts: 1 }),
    actions: () => db.selectFrom('bot_actions').selectAll().orderBy('taken_at').execute(),
  };
}

/** All that any table holds, as one text. */
export async function everythingIn(db: Db): Promise<string> {
  const { rows } = await sql<{ name: string }>`
    SELECT c.oid::regclass::text AS name FROM pg_class c
    WHERE c.relkind = 'r' AND c.relnamespace IN ('public'::regnamespace, 'engine'::regnamespace)`.execute(
    db,
  );
  const texts: string[] = [];
  for (const { name } of rows) {
    const table = await sql<{ all: string | null }>`
      SELECT json_agg(t)::text AS all FROM ${sql.raw(name)} t`.execute(db);
    texts.push(`${name}: ${table.rows[0]!.all ?? ''}`);
  }
  return texts.join('\n');
}

/** The ways in which a value could be read there; of a key also as its bytes. */
export function formsOf(value: string): string[] {
  const json = JSON.stringify(value).slice(1, -1);
  const written = [
    value,
    json,
    JSON.stringify(json).slice(1, -1),
    encodeURIComponent(value),
    Buffer.from(value).toString('base64'),
    Buffer.from(value).toString('hex'),
  ];
  const key = /^(?:whsec_)?([A-Za-z0-9+/]{20,}={0,2})$/.exec(value)?.[1];
  if (key === undefined) return written;
  const bytes = Buffer.from(key, 'base64');
  return [
    ...written,
    key,
    encodeURIComponent(key),
    bytes.toString('base64url'),
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
    bytes.join(','),
  ];
}
