/** Restores an archive into an empty database, in one transaction: a failure or a kill leaves the database as it was. */
import type { Socket } from 'node:net';
import type pg from 'pg';
import type { Transaction } from 'kysely';
import { pool, type Database } from '../../database/connect.ts';
import { diskFull, stateOf } from '../../database/faults/sql-states.ts';
import { messageOf } from '../../ground/errors.ts';
import type { Manifest } from '../archive/manifest.ts';
import { DamagedBackupError, type Entry } from '../archive/tar.ts';
import { bringKeys } from './bring-keys.ts';
import { readArchive } from './read-archive.ts';
import { copier, isBeforeRows } from './copy-rows.ts';
import { copyStatementsIn } from './copy-statements.ts';
import { deferredChecks } from './deferred-checks.ts';
import { failed } from './failed.ts';
import { foreignKeyIn, isSameKey, nameOfKey, type ForeignKey } from './foreign-key.ts';
import { refuseFilled } from './refuse-filled.ts';
import { refusedIndexes } from './refused-indexes.ts';
import { missingLabel } from './missing-label.ts';
import { onClient } from './on-client.ts';
import { refreshViews } from './refresh-views.ts';
import { isUnresolved, withSearchPath } from './search-path.ts';
import {
  markBegin,
  refuseEndOfTransaction,
  rollBackTo,
  TransactionEndedError,
  transactionOf,
} from './refuse-end.ts';
import { statementsIn } from './split-sql.ts';

export interface Restored {
  manifest: Manifest;
  /** foreign keys that were restored as NOT VALID, because rows that they name are not in the database */
  notValid: ForeignKey[];
  /** foreign keys that could not be made, because their table is not in the database */
  missingKeys: string[];
  /** what the rows of the backup themselves break, so that it is there unchecked or without rows: one sentence each */
  broken: string[];
}

export interface RestoreOptions {
  signal: AbortSignal;
  /** in the same transaction, when all is restored */
  afterwards?: (transaction: Transaction<Database>, manifest: Manifest) => Promise<void>;
  onTable?: (table: string) => void;
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
  // A long statement is not waited for.
  const cut = () =>
    (client as unknown as { connection: { stream: Socket } }).connection.stream.destroy();
  signal.addEventListener('abort', cut, { once: true });
  try {
    signal.throwIfAborted();
    const transaction = await onClient(client).startTransaction().execute();
    await client.query(
      'SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0',
    );
    await refuseFilled(client);
    await markBegin(client);
    const id = await transactionOf(client);
    const steps = restoreSteps(client, signal, onTable);
    const manifest = await readArchive(plain, steps.take)
      .then(async (made) => {
        await steps.finish(made);
        return made;
      })
      .finally(steps.end);
    await client.query('SET LOCAL search_path = public, extensions; SET LOCAL row_security = on');
    await afterwards?.(transaction, manifest);
    signal.throwIfAborted();
    if ((await transactionOf(client)) !== id) throw new TransactionEndedError();
    await transaction.commit().execute();
    // All of it is there, whatever becomes of the statistics.
    await client.query('RESET ALL; ANALYZE').catch(() => {});
    const { notValid, missingKeys, broken } = steps;
    return { manifest, notValid, missingKeys, broken };
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', cut);
    // The transaction may be open: a closed connection rolls it back.
    client.release(true);
    await connections.end();
  }
}

/** What is done with each file, in the order of the archive. */
function restoreSteps(
  client: pg.ClientBase,
  signal: AbortSignal,
  onTable: RestoreOptions['onTable'],
) {
  let copies = new Map<string, string>();
  const references = new Map<string, Entry>();
  const [notValid, missingKeys, broken]: [ForeignKey[], string[], string[]] = [[], [], []];
  let postData = '';
  let refresh = '';
  let eventTriggers = '';

  /** Null where it worked, else what `sentenceFor` says of the error. Throws RestoreFailedError where it says nothing. */
  const runUnless = async (
    statement: string,
    sentenceFor: (statement: string, error: unknown) => string | null,
  ): Promise<string | null> => {
    signal.throwIfAborted();
    const error = await attempt(statement);
    if (error === null) return null;
    const schema = /^-- Name: .*; Schema: (.+?); Owner: /m.exec(statement)?.[1];
    const later = isUnresolved(error)
      ? await withSearchPath(client, schema, () => attempt(statement))
      : error;
    const sentence = later === null ? null : sentenceFor(statement, later);
    if (later !== null && sentence === null) throw failed(statement, later);
    return sentence;
  };
  const noteUnless = async (...of: Parameters<typeof runUnless>) => {
    const sentence = await runUnless(...of);
    if (sentence !== null) broken.push(sentence);
  };
  /** Null where it worked, else the error; the transaction goes on. */
  const attempt = async (statement: string): Promise<unknown> => {
    refuseEndOfTransaction(statement);
    try {
      // In one message: each statement costs one way to the server and back.
      await client.query(`SAVEPOINT attempt; ${statement}\n; RELEASE SAVEPOINT attempt`);
      return null;
    } catch (error) {
      signal.throwIfAborted();
      const goesOn = await rollBackTo(client, 'attempt');
      // A full disk would look like a statement that the rows break.
      if (!goesOn || stateOf(error) === diskFull) throw failed(statement, error);
      return error;
    }
  };
  const runAll = async (text: string) => {
    for (const statement of statementsIn(text)) {
      if (!/\bCREATE (SCHEMA|EXTENSION)\b/.test(statement))
        await noteUnless(statement, missingLabel);
      else {
        const error = await attempt(statement);
        if (error !== null && !existsStates.has(stateOf(error) ?? ''))
          throw failed(statement, error);
      }
    }
  };
  const checks = deferredChecks(client);
  const copy = copier(client, signal, checks);

  const take = async (entry: Entry): Promise<void> => {
    const { name, data } = entry;
    if (name === 'tables.json') copies = copyStatementsIn(data.toString());
    else if (name.startsWith('data/')) {
      const statement = copies.get(name.slice(0, name.lastIndexOf('/')));
      if (statement === undefined)
        throw new DamagedBackupError(`tables.json does not name ${name}`);
      onTable?.(statement.slice('COPY '.length).split(' ')[0]!);
      await copy.orLater(statement, entry);
    } else if (name.startsWith('references/')) {
      entry.spooled?.keep();
      references.set(name, entry);
    }
    // These two need what the manifest says, which comes last.
    else if (name === 'post-data.sql') postData = data.toString();
    else if (name === 'refresh.sql') refresh = data.toString();
    else if (name === 'event-triggers.sql') eventTriggers = data.toString();
    else if (name.endsWith('.sql')) await runAll(data.toString());
  };

  const finish = async (manifest: Manifest): Promise<void> => {
    await bringKeys(manifest, references, { attempt, copy: copy.now });
    const indexes = refusedIndexes();
    let isCopied = false;
    const copyRest = async () => {
      if (isCopied) return;
      isCopied = true;
      await copy.waiting();
      broken.push(...(await checks.putBack()));
    };
    for (const statement of statementsIn(postData)) {
      if (!isBeforeRows(statement)) await copyRest();
      const key = foreignKeyIn(statement);
      if (key === null) {
        await noteUnless(statement, (...of) => missingLabel(...of) ?? indexes.sentenceFor(...of));
        continue;
      }
      const error = await attempt(statement);
      if (error === null) continue;
      const later = stateOf(error) === '23503' ? await attempt(`${statement} NOT VALID`) : error;
      if (!manifest.references.some((each) => isSameKey(each, key))) {
        const sentence =
          later === null
            ? `rows break a foreign key, which is not checked now: ${messageOf(error)}`
            : indexes.sentenceFor(statement, later);
        if (sentence === null) throw failed(statement, later);
        broken.push(sentence);
      } else if (later === null) notValid.push(key);
      else missingKeys.push(`${nameOfKey(key)}: ${messageOf(later)}`);
    }
    await copyRest();
    broken.push(...(await refreshViews([...statementsIn(refresh)], attempt)));
    // Last: from now on they act on each statement that changes a definition.
    await runAll(eventTriggers);
  };
  /** What was kept of the archive is released. */
  const end = async (): Promise<void> => {
    for (const { spooled } of references.values()) await spooled?.release();
    await copy.end();
  };
  return { take, finish, end, notValid, missingKeys, broken };
}
