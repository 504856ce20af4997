/** Plants a small fictional platform with problems in it: for new users and for tests. */
import { sql } from 'kysely';
import type { Db } from '../database/connect.ts';
import { addAccounts } from './accounts.ts';
import { apps } from './apps.ts';
import { Chance } from './chance.ts';
import { knowledge } from './knowledge.ts';
import { ledger } from './ledger.ts';
import { people, sessions } from './people.ts';
import { errors, failingEndpoint, missingPath, requests, slowEndpoint } from './traffic.ts';
import { withoutTriggers } from './without-triggers.ts';

/** What the bots can find in the planted platform, and how many rows it has. */
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

/** Inserts all rows with one statement, in their order. Columns that the first row does not have get their defaults. */
async function insert(db: Db, table: string, rows: object[]): Promise<void> {
  const columns = sql.join(Object.keys(rows[0] ?? {}).map((column) => sql.ref(column)));
  await sql`
    INSERT INTO ${sql.table(table)} (${columns})
    SELECT ${columns}
    FROM jsonb_populate_recordset(NULL::${sql.table(table)}, ${JSON.stringify(rows)}::jsonb)
  `.execute(db);
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
    const bookings = ledger(chance, now, users, { drifted: driftedUsers, broken: brokenUser });
    const sessionRows = sessions(chance, now, users, { count: 200, expired: 37 });
    const requestRows = requests(chance, now, users);
    const errorRows = errors(chance, now, users, 45);

    await addAccounts(transaction, profiles);
    await insert(transaction, 'profiles', profiles);
    await insert(transaction, 'app_catalog', apps);
    // The tables' triggers would refuse the mistakes in this ledger; a bad restore gets past them in the same way.
    await withoutTriggers(transaction, ['credits', 'profiles'], async (trx) => {
      await insert(trx, 'credits', bookings.rows);
      await sql`
        UPDATE profiles p SET credits = shown.credits
        FROM jsonb_populate_recordset(NULL::profiles, ${JSON.stringify(bookings.shown)}::jsonb) shown
        WHERE p.id = shown.id`.execute(trx);
    });
    await insert(transaction, 'user_sessions', sessionRows);
    await insert(transaction, 'api_logs', requestRows);
    await insert(transaction, 'error_logs', errorRows);
    await insert(transaction, 'bot_knowledge', knowledge);

    return {
      users,
      driftedUsers,
      brokenUser,
      failingEndpoint,
      missingPath,
      slowEndpoint,
      sessions: sessionRows.length,
      expiredSessions: sessionRows.filter(({ expires_at }) => expires_at <= now).length,
      apps: apps.length,
      credits: bookings.rows.length,
      apiLogs: requestRows.length,
      errorLogs: errorRows.length,
    };
  });
