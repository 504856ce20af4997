/** Restores an archive into an empty database, in one transaction: a failure or a kill leaves the database as it was. */
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { z } from 'zod';
import { Kysely, PostgresDialect, type Transaction } from 'kysely';
import { pool, type Database } from '../../database/connect.ts';
import { stateOf } from '../../database/faults/sql-states.ts';
import { messageOf, RoundsmanError } from '../../ground/errors.ts';
import type { Manifest } from '../archive/manifest.ts';
import type { Entry } from '../archive/tar.ts';
import { nameOf } from '../read/table.ts';
import { readArchive } from './read-archive.ts';
import { statementsIn } from './split-sql.ts';

/** A statement of the backup failed; nothing was restored. */
export class RestoreFailedError extends RoundsmanError {}

/** The database holds something already. */
export class NotEmptyForRestoreError extends RoundsmanError {}

export interface Restored {
  manifest: Manifest;
  /** foreign keys that were restored as NOT VALID, because rows that they name are not in the database */
  notValid: string[];
  /** foreign keys that could not be made, because their table is not in the database */
  missingKeys: string[];
}

export interface RestoreOptions {
  signal: AbortSignal;
  /** in the same transaction, when all is restored */
  afterwards?: (transaction: Transaction<Database>) => Promise<void>;
  onTable?: (table: string) => void;
}

/** Names of tables, views and functions that no extension brought: none may be there. */
const present = `
  SELECT coalesce(string_agg(name, ', '), '') AS names, count(*)::int AS count FROM (
    SELECT format('%I.%I', n.nspname, c.relname) AS name
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
      AND (n.nspname IN ('public', 'engine', 'bullmq', 'private') OR pg_has_role(n.nspowner, 'USAGE'))
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
    LIMIT 5) found`;

async function refuseFilled(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query<{ names: string; count: number }>(present);
  const { names, count } = rows[0]!;
  if (count === 0) return;
  throw new NotEmptyForRestoreError({
    what: 'nothing was restored',
    why: `the database is not empty: it has ${names}${count === 5 ? ' and perhaps more' : ''}`,
    hint: 'make an empty database (`createdb --encoding=UTF8 --template=template0 NAME`), and let DATABASE_URL name it. What exists is never replaced',
  });
}

const tablesSchema = z.array(z.object({ directory: z.string(), copy: z.string() }));

/** Makes what a statement has failed at readable: what was to be made, and the server's words. */
function failed(statement: string, error: unknown): RestoreFailedError {
  const line = statement
    .split('\n')
    .find((each) => each.trim() !== '' && !each.startsWith('--'))
    ?.slice(0, 200);
  const state = stateOf(error);
  const hints: Record<string, string> = {
    '0A000': 'install that extension on the server, or restore into a server that has it',
    '58P01': 'install that extension on the server, or restore into a server that has it',
    '42501':
      'restore as a superuser, or as the owner of the database with the roles made beforehand',
    '53200': 'raise max_locks_per_transaction of the server: a restore locks every table at once',
  };
  return new RestoreFailedError(
    {
      what: 'the backup could not be restored; the database is as it was',
      why: `${line ?? 'a statement'}: ${messageOf(error)}`,
      hint:
        hints[state ?? ''] ??
        'the server may be older than the one of the backup, or lack something that it had',
    },
    { cause: error },
  );
}

/** Exists already: a schema, an extension or a role that the provider of the database has made. */
const existsStates = new Set(['42P06', '42710']);

/**
 * Reads `plain` to its end and restores it. Throws {@link NotEmptyForRestoreError}, {@link RestoreFailedError},
 * DamagedBackupError; then nothing was restored.
 */
export async function restoreArchive(
  url: string,
  plain: AsyncIterable<Uint8Array>,
  { signal, afterwards, onTable }: RestoreOptions,
): Promise<Restored> {
  const connections = pool(url, {
    max: 1,
    name: 'roundsman restore',
    statementTimeoutMs: 0,
    primary: true,
  });
  const client = await connections.connect();
  const stop = () => client.release(true);
  try {
    const transaction = await onClient(client).startTransaction().execute();
    await client.query(
      'SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0',
    );
    await refuseFilled(client);
    const steps = restoreSteps(client, signal, onTable);
    const manifest = await readArchive(plain, steps.take);
    await steps.finish(manifest);
    await client.query('SET LOCAL search_path = public, extensions; SET LOCAL row_security = on');
    await afterwards?.(transaction);
    signal.throwIfAborted();
    await transaction.commit().execute();
    await client.query('RESET ALL');
    await client.query('ANALYZE');
    return { manifest, notValid: steps.notValid, missingKeys: steps.missingKeys };
  } finally {
    // The transaction may be open: a closed connection rolls it back.
    stop();
    await connections.end();
  }
}

/** Kysely on this client alone: its transaction is the one in which the client restores. */
function onClient(client: pg.ClientBase): Kysely<Database> {
  const lent = { query: client.query.bind(client), release: () => {} };
  const one = { connect: () => Promise.resolve(lent), end: () => Promise.resolve() };
  return new Kysely<Database>({
    dialect: new PostgresDialect({ pool: one as unknown as pg.Pool }),
  });
}

/** What is done with each file, in the order of the archive. */
function restoreSteps(
  client: pg.ClientBase,
  signal: AbortSignal,
  onTable: RestoreOptions['onTable'],
) {
  const copies = new Map<string, string>();
  const references = new Map<string, Buffer>();
  const [notValid, missingKeys]: [string[], string[]] = [[], []];
  let postData = '';
  let refresh = '';

  const run = async (statement: string) => {
    signal.throwIfAborted();
    await client.query(statement).catch((error: unknown) => {
      throw failed(statement, error);
    });
  };
  /** Null where it worked, else the error; the transaction goes on. */
  const attempt = async (statement: string): Promise<unknown> => {
    await client.query('SAVEPOINT attempt');
    try {
      await client.query(statement);
      await client.query('RELEASE SAVEPOINT attempt');
      return null;
    } catch (error) {
      await client.query('ROLLBACK TO SAVEPOINT attempt');
      return error;
    }
  };
  const runAll = async (text: string) => {
    for (const statement of statementsIn(text)) {
      if (!/\bCREATE (SCHEMA|EXTENSION)\b/.test(statement)) await run(statement);
      else {
        const error = await attempt(statement);
        if (error !== null && !existsStates.has(stateOf(error) ?? ''))
          throw failed(statement, error);
      }
    }
  };
  const copy = async (statement: string, data: Buffer) => {
    signal.throwIfAborted();
    await pipeline(Readable.from([data]), client.query(copyFrom(statement))).catch(
      (error: unknown) => {
        throw failed(statement, error);
      },
    );
  };

  const take = async ({ name, data }: Entry): Promise<void> => {
    if (name === 'tables.json')
      for (const each of tablesSchema.parse(JSON.parse(data.toString())))
        copies.set(each.directory, each.copy);
    else if (name.startsWith('data/')) {
      const statement = copies.get(name.slice(0, name.lastIndexOf('/')));
      if (statement === undefined) throw failed(name, new Error('tables.json does not name it'));
      onTable?.(statement.slice('COPY '.length).split(' ')[0]!);
      await copy(statement, data);
    } else if (name.startsWith('references/')) references.set(name, data);
    // These two need what the manifest says, which comes last.
    else if (name === 'post-data.sql') postData = data.toString();
    else if (name === 'refresh.sql') refresh = data.toString();
    else if (name.endsWith('.sql')) await runAll(data.toString());
  };

  /** Keys of rows that are not in the backup: rows of their tables are made of them, where the keys alone make a row. */
  const bringKeys = async (manifest: Manifest) => {
    for (const each of manifest.references) {
      const table = nameOf({ schema: each.referencedSchema, name: each.referencedTable });
      const columns = each.referencedColumns
        .map((name) => `"${name.replaceAll('"', '""')}"`)
        .join(', ');
      const made = await attempt(
        `CREATE TEMP TABLE brought ON COMMIT DROP AS SELECT ${columns} FROM ${table} WHERE false`,
      );
      if (made !== null) continue;
      await copy('COPY pg_temp.brought FROM STDIN', references.get(each.file) ?? Buffer.alloc(0));
      await attempt(
        `INSERT INTO ${table} (${columns}) SELECT ${columns} FROM pg_temp.brought ON CONFLICT DO NOTHING`,
      );
      await run('DROP TABLE pg_temp.brought');
    }
  };

  const finish = async (manifest: Manifest): Promise<void> => {
    await bringKeys(manifest);
    const outer = new Map(
      manifest.references.map((each) => [
        `${each.schema}.${each.table}.${each.constraint}`,
        `${each.schema}.${each.table}`,
      ]),
    );
    const keyOf = (statement: string) => {
      if (!/\bFOREIGN KEY\b/.test(statement)) return undefined;
      return [...outer.keys()].find((key) => {
        const constraint = key.split('.').at(-1)!;
        const plain = statement.replaceAll('"', '');
        return (
          plain.includes(`${outer.get(key)}\n`) && plain.includes(`ADD CONSTRAINT ${constraint} `)
        );
      });
    };
    for (const statement of statementsIn(postData)) {
      const key = keyOf(statement);
      if (key === undefined) {
        await run(statement);
        continue;
      }
      const error = await attempt(statement);
      if (error === null) continue;
      const later = stateOf(error) === '23503' ? await attempt(`${statement} NOT VALID`) : error;
      if (later === null) notValid.push(key);
      else missingKeys.push(`${key}: ${messageOf(later)}`);
    }
    await runAll(refresh);
  };
  return { take, finish, notValid, missingKeys };
}
