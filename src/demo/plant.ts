/** A small fictional platform with things wrong in it: for a first look and for tests. */
import { sql } from 'kysely';
import type { Db } from '../database/connect.ts';
import { apps } from './apps.ts';
import { Chance } from './chance.ts';
import { ledger } from './ledger.ts';
import { people, sessions } from './people.ts';
import { errors, failingEndpoint, missingPath, requests, slowEndpoint } from './traffic.ts';

/** What the bots can find in it, and the size of the rest. */
export interface PlantedPlatform {
  users: string[];
  /** users whose profiles.credits differs from the ledger */
  driftedUsers: string[];
  /** the user whose running balance does not add up */
  brokenUser: string;
  sessions: number;
  expiredSessions: number;
  /** answers about 30 % of its requests with 5xx */
  failingEndpoint: string;
  /** answers every request with 404 */
  missingPath: string;
  /** its p95 is above a second */
  slowEndpoint: string;
  apps: number;
  credits: number;
  apiLogs: number;
  errorLogs: number;
}

/** One statement for all rows, in their order; columns that a row does not name get their defaults. */
async function insert(db: Db, table: string, rows: object[]): Promise<void> {
  const columns = sql.join(Object.keys(rows[0] ?? {}).map((column) => sql.ref(column)));
  await sql`
    INSERT INTO ${sql.table(table)} (${columns})
    SELECT ${columns}
    FROM jsonb_populate_recordset(NULL::${sql.table(table)}, ${JSON.stringify(rows)}::jsonb)
  `.execute(db);
}

/** The owner of the tables may do this; no other session writes them until the transaction ends. */
async function guard(db: Db, action: 'DISABLE' | 'ENABLE'): Promise<void> {
  for (const table of ['credits', 'profiles'])
    await sql`ALTER TABLE ${sql.table(table)} ${sql.raw(action)} TRIGGER USER`.execute(db);
}

/**
 * Adds the platform to a migrated database in one transaction: the same figures every time, with times relative to
 * engine.now(). A second call fails on the e-mail addresses of the first.
 */
export const plantPlatform = (db: Db): Promise<PlantedPlatform> =>
  db.transaction().execute(async (transaction) => {
    const { rows } = await sql<{ now: Date }>`SELECT engine.now() AS now`.execute(transaction);
    const { now } = rows[0] as { now: Date };
    const chance = new Chance(20_260_101);

    const profiles = people(chance, now, 40);
    const users = profiles.map(({ id }) => id);
    const driftedUsers = users.slice(10, 15);
    const brokenUser = users[20] as string;
    const booked = ledger(chance, now, users, { drifted: driftedUsers, broken: brokenUser });
    const opened = sessions(chance, now, users, { count: 200, expired: 37 });
    const requested = requests(chance, now, users);
    const failed = errors(chance, now, users, 45);

    await insert(
      transaction,
      'auth.users',
      profiles.map(({ id, email }) => ({ id, email })),
    );
    await insert(transaction, 'profiles', profiles);
    await insert(transaction, 'app_catalog', apps);
    // The guards would refuse the mistakes in this ledger; a bad restore would bypass them in the same way.
    await guard(transaction, 'DISABLE');
    await insert(transaction, 'credits', booked.rows);
    await sql`
      UPDATE profiles p SET credits = shown.credits
      FROM jsonb_populate_recordset(NULL::profiles, ${JSON.stringify(booked.shown)}::jsonb) shown
      WHERE p.id = shown.id`.execute(transaction);
    await guard(transaction, 'ENABLE');
    await insert(transaction, 'user_sessions', opened);
    await insert(transaction, 'api_logs', requested);
    await insert(transaction, 'error_logs', failed);

    return {
      users,
      driftedUsers,
      brokenUser,
      failingEndpoint,
      missingPath,
      slowEndpoint,
      sessions: opened.length,
      expiredSessions: opened.filter(({ expires_at }) => expires_at <= now).length,
      apps: apps.length,
      credits: booked.rows.length,
      apiLogs: requested.length,
      errorLogs: failed.length,
    };
  });
