/** The simulated platform: its components are rows, one kind of them behind a real HTTP server. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sql, type Kysely } from 'kysely';
import type { Database, Db } from '../../../src/database/connect.ts';
import {
  allKinds,
  componentsOf,
  hiddenMinutes,
  type Cure,
  type Incident,
  type Kind,
} from './cures.ts';

/** `incident` is what broke it, also while the fault is hidden. */
export interface Broken {
  kind: Kind;
  component: string;
  incident: number;
  down: boolean;
}

export interface Platform {
  /** of the HTTP server */
  url: string;
  /** Faults begin, and what has recovered by itself is over. */
  breakDown(incidents: Incident[]): Promise<void>;
  /** All that is broken, the faults that are hidden too. */
  broken(): Promise<Broken[]>;
  /** A person mends it, whatever it is. */
  mend(components: string[]): Promise<void>;
  close(): Promise<void>;
}

const isDown = sql`incident IS NOT NULL AND coalesce(recovers_at > engine.now(), true)
  AND coalesce(returns_at <= engine.now(), true)`;

/** The components of a kind that a check finds broken. */
export async function downOf(db: Kysely<Database>, kind: Kind): Promise<string[]> {
  const { rows } = await sql<{ component: string }>`
    SELECT component FROM simulated.components WHERE kind = ${kind} AND ${isDown} ORDER BY component`.execute(
    db,
  );
  return rows.map(({ component }) => component);
}

/** What a cure does in truth, and a record of it that the engine never reads; `key` is the application's. */
export async function takeEffect(
  db: Kysely<Database>,
  incidents: readonly Incident[],
  cure: Cure,
  component: string,
  key: string,
): Promise<void> {
  const { rows } = await sql<{ incident: number | null }>`
    SELECT incident FROM simulated.components WHERE component = ${component} FOR UPDATE`.execute(
    db,
  );
  const number = rows[0]?.incident ?? null;
  const incident = number === null ? undefined : incidents[number];
  const truth = incident ? cure.truth({ ...incident, component }) : 'nothing';
  await sql`
    INSERT INTO simulated.effects (action_id, cure, component, incident, truth, at)
    VALUES (${key}::uuid, ${cure.name}, ${component}, ${number}::int, ${truth}, engine.now())`.execute(
    db,
  );
  if (truth === 'cures')
    await sql`UPDATE simulated.components SET incident = NULL, recovers_at = NULL, returns_at = NULL
              WHERE component = ${component}`.execute(db);
  if (truth === 'hides')
    await sql`UPDATE simulated.components SET returns_at = engine.now() + make_interval(mins => ${hiddenMinutes})
              WHERE component = ${component}`.execute(db);
  if (truth === 'harms') {
    const all = componentsOf(cure.kind);
    const next = all[(all.indexOf(component) + 1) % all.length]!;
    await sql`UPDATE simulated.components SET recovers_at = NULL, incident = coalesce(incident, ${number}::int)
              WHERE component IN (${component}, ${next})`.execute(db);
  }
}

export async function openPlatform(
  db: Db,
  incidents: readonly Incident[],
  remote: Cure,
): Promise<Platform> {
  await sql`CREATE SCHEMA simulated`.execute(db);
  // Checks read as a role of their own.
  await sql`GRANT USAGE ON SCHEMA simulated TO PUBLIC`.execute(db);
  await sql`ALTER DEFAULT PRIVILEGES IN SCHEMA simulated GRANT SELECT ON TABLES TO PUBLIC`.execute(
    db,
  );
  await sql`CREATE TABLE simulated.components (component text PRIMARY KEY, kind text NOT NULL, incident int,
              recovers_at timestamptz, returns_at timestamptz)`.execute(db);
  await sql`CREATE TABLE simulated.effects (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, action_id uuid NOT NULL,
              cure text NOT NULL, component text NOT NULL, incident int, truth text NOT NULL, at timestamptz NOT NULL)`.execute(
    db,
  );
  for (const kind of allKinds)
    await sql`INSERT INTO simulated.components (component, kind)
              SELECT unnest(${componentsOf(kind)}::text[]), ${kind}`.execute(db);
  const server = await serve(db, incidents, remote);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async breakDown(begun) {
      await sql`UPDATE simulated.components SET incident = NULL, recovers_at = NULL, returns_at = NULL
                WHERE recovers_at <= engine.now()`.execute(db);
      for (const { number, component, lasts } of begun)
        await sql`UPDATE simulated.components
                  SET incident = ${number}::int, recovers_at = engine.now() + make_interval(mins => ${lasts}::int)
                  WHERE component = ${component} AND incident IS NULL`.execute(db);
    },
    async broken() {
      const { rows } = await sql<Broken>`
        SELECT kind, component, incident, ${isDown} AS down FROM simulated.components
        WHERE incident IS NOT NULL ORDER BY component`.execute(db);
      return rows;
    },
    async mend(components) {
      await sql`UPDATE simulated.components SET incident = NULL, recovers_at = NULL, returns_at = NULL
                WHERE component = ANY (${components}::text[])`.execute(db);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** `GET /down` names what does not answer; `POST /<component>` restarts it. */
async function serve(db: Db, incidents: readonly Incident[], remote: Cure): Promise<Server> {
  const server = createServer((request, response) => {
    async function answer() {
      if (request.method === 'GET') return JSON.stringify(await downOf(db, remote.kind));
      const component = request.url!.slice(1);
      const key = String(request.headers['idempotency-key']);
      await db.transaction().execute((trx) => takeEffect(trx, incidents, remote, component, key));
      return '[]';
    }
    answer().then(
      (body) => response.end(body),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
