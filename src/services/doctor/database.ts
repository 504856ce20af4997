import { lstatSync, mkdtempSync, rmdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Config } from '../../config.ts';
import { connect, forEngine, type Db } from '../../database/connect.ts';
import { limitOn } from '../../database/connection-limit.ts';
import { explainFault, isFull } from '../../database/faults/explain-fault.ts';
import { refuseTransactionPooler, TransactionPoolerError } from '../../database/pooler.ts';
import { embeddedExists } from '../../database/embedded/index.ts';
import { joinAsCommand } from '../../database/embedded/join-as-command.ts';
import type { OnWait } from '../../database/embedded/locks.ts';
import {
  DatabaseNotReadyError,
  DatabaseRefusesError,
  prepareDatabase,
} from '../../database/migrate/prepare.ts';
import { hasPlatform } from '../../database/migrate/extent.ts';
import { NewerDatabaseError } from '../../database/migrate/version.ts';
import { explainForeignRole } from '../../database/odd-role.ts';
import { refusalOf } from '../../database/faults/refusal.ts';
import { explainUnloadable } from '../../database/explain-unloadable.ts';
import { messageOf, RoundsmanError } from '../../ground/errors.ts';
import { skewInWords, isWrong, measureSkew } from '../../maintain/clock.ts';
import { configuredBackend } from '../../queue/backend.ts';
import { adminTestFault } from '../database/admin-test.ts';
import { rightsOf } from '../database/rights.ts';
import { serverVersion } from '../database/status.ts';
import { tryWriting } from '../database/try-writing.ts';
import { examineOwnTriggers } from './own-triggers.ts';
import { examineGrants } from './grants.ts';
import { examineReader } from './reader.ts';
import { examineServer } from './server.ts';
import { examineConnections } from './connections.ts';
import { fail, ok, warn, type Diagnosis } from './diagnosis.ts';
import { examineEngine } from './engine.ts';

const statementTimeoutMs = 5_000;

/** The database and the engine in it. Joins the embedded database if it exists, and creates none. */
export async function examineDatabase(
  config: Config,
  { onCanary, onWait }: { onCanary: () => void; onWait: OnWait },
): Promise<Diagnosis[]> {
  if (!config.databaseUrl && !embeddedExists(config.home)) {
    const obstacle = obstacleTo(config.home);
    if (obstacle)
      return [
        fail(
          'Database',
          `there is none yet, and none can be made in ${config.home}: ${obstacle}`,
          'make that place writable, set ROUNDSMAN_HOME to another one, or set DATABASE_URL',
        ),
      ];
    return [
      warn(
        'Database',
        `there is none yet: DATABASE_URL is not set, and there is no embedded one in ${config.home}`,
        'run `npx roundsman up`, which creates one, or set DATABASE_URL',
      ),
    ];
  }
  const embedded = config.databaseUrl
    ? null
    : await joinAsCommand(config.home, { create: false, onWait });
  const db = connect(config.databaseUrl ?? embedded!.url, {
    name: 'roundsman doctor',
    statementTimeoutMs,
    asService: true,
  });
  try {
    return await examine(db, config.databaseUrl ?? embedded!.url, config, onCanary);
  } finally {
    await db.destroy();
    await embedded?.leave();
  }
}

/**
 * Why nothing can be written in this directory, or in the nearest existing one above it; null if it can. It really
 * writes, because permissions do not apply to root, and do not show a read-only disk.
 */
function obstacleTo(directory: string): string | null {
  try {
    lstatSync(directory);
  } catch {
    return dirname(directory) === directory
      ? 'the directory does not exist'
      : obstacleTo(dirname(directory));
  }
  try {
    rmdirSync(mkdtempSync(join(directory, '.roundsman-doctor-')));
    return null;
  } catch (error) {
    return `${directory} cannot be written (${(error as NodeJS.ErrnoException).code})`;
  }
}

async function examine(
  db: Db,
  url: string,
  config: Config,
  onCanary: () => void,
): Promise<Diagnosis[]> {
  let found: Diagnosis[];
  try {
    found = [ok('Database', `PostgreSQL ${await serverVersion(db)} answers`)];
  } catch (error) {
    const refused = refusalOf(error) ?? (await explainUnloadable(url, error));
    if (refused) return [fail('Database', `${refused.what}: ${refused.why}`, refused.hint)];
    const full = isFull(error) ? explainFault(error) : null;
    if (full) return [fail('Database', `${full.what}: ${full.why}`, full.hint)];
    const hint = config.databaseUrl
      ? 'check that the server runs and that DATABASE_URL has its host, port, name and password'
      : `see ${config.home}/postgres.log`;
    return [fail('Database', `it cannot be reached: ${messageOf(error)}`, hint)];
  }
  const connections = await examineConnections(db, config);
  // Every other examination needs a further connection.
  if ((await limitOn(db)).most < 2) return [...found, connections];
  found.push(
    ...(await examineWrites(url)),
    ...(await examineSessions(url)),
    connections,
    ...(await examineServer(db, url, config)),
    await examineClock(db, config),
  );
  try {
    await prepareDatabase(db, { migrate: false });
  } catch (error) {
    if (error instanceof DatabaseRefusesError)
      return [...found, fail('Roles', `${error.what}: ${error.why}`, error.hint)];
    if (!(error instanceof DatabaseNotReadyError || error instanceof NewerDatabaseError))
      throw error;
    // Without the schema nothing more can be examined.
    return [...found, fail('Schema', `${error.what}: ${error.why}`, error.hint)];
  }
  found.push(
    ok(
      'Schema',
      (await hasPlatform(db))
        ? 'every migration is applied'
        : "every migration of the bots is applied; the platform's own tables are left as they are",
    ),
    await examineRoles(db),
    ...(await examineGrants(db, config)),
    ...(await examineAdmins(db)),
    ...(await examineOwnTriggers(db)),
    await examineReader(db, url),
  );
  return [...found, ...(await examineEngine(db, config, onCanary))];
}

/** Tries a real write: a server that answers may still refuse one. */
async function examineWrites(url: string): Promise<Diagnosis[]> {
  const db = connect(url, {
    name: 'roundsman doctor',
    max: 1,
    statementTimeoutMs,
    ...forEngine,
  });
  try {
    await tryWriting(db);
    return [];
  } catch (error) {
    const explained = error instanceof RoundsmanError ? error : explainFault(error);
    if (!explained) throw error;
    return [fail('Database', `${explained.what}: ${explained.why}`, explained.hint)];
  } finally {
    await db.destroy();
  }
}

async function examineSessions(url: string): Promise<Diagnosis[]> {
  try {
    await refuseTransactionPooler(url);
    return [];
  } catch (error) {
    if (!(error instanceof TransactionPoolerError)) throw error;
    return [fail('Sessions', `${error.what}: ${error.why}`, error.hint)];
  }
}

async function examineClock(db: Db, config: Config): Promise<Diagnosis> {
  const skew = await measureSkew(db);
  const detail = `this host's clock is ${skewInWords(skew)}`;
  if (!isWrong(skew)) return ok('Clock', detail);
  if (configuredBackend(config) === 'postgres')
    return fail(
      'Clock',
      `${detail}: BullMQ on PostgreSQL depends on it, so no worker starts on this host`,
      "synchronise this host and the database's host with NTP, or set REDIS_URL",
    );
  return warn(
    'Clock',
    detail,
    "synchronise this host and the database's host with NTP; runs use the time of the database, but times in Roundsman's and PostgreSQL's logs do not match",
  );
}

/** A diagnosis only if a function of the platform was named to say who is an admin, and no longer can. */
async function examineAdmins(db: Db): Promise<Diagnosis[]> {
  const fault = await adminTestFault(db);
  if (!fault) return [];
  return [
    fail(
      'Admins',
      `no user may read the bots' tables, because ${fault.name} cannot say who is an admin: ${fault.why}`,
      'create that function again, or name another: `npx roundsman db migrate --only bots --admin-test NAME`',
    ),
  ];
}

async function examineRoles(db: Db): Promise<Diagnosis> {
  const { role, missing, writes } = await rightsOf(db);
  const other = writes ? null : await explainForeignRole(db);
  if (other) return fail('Roles', `${other.what}: ${other.why}`, other.hint);
  if (!writes)
    return fail(
      'Roles',
      `${role} may not read and write the bots' tables`,
      'connect as the owner of the tables or as service_role',
    );
  return missing.length === 0
    ? ok('Roles', `connected as ${role}; anon, authenticated and service_role are there`)
    : warn(
        'Roles',
        `${missing.join(', ')} missing, so row level security has no roles for its policies`,
        'create the roles, as migrations/v1_00_supabase.sql does',
      );
}
