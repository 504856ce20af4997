/**
 * A snapshot whose tables are locked and have all of their rows. The lock may wait for a migration, and a table that was rewritten or
 * emptied meanwhile (ALTER TABLE, TRUNCATE) has no rows in a snapshot that is older than that; a column that was dropped or renamed cannot be read by it:
 * https://www.postgresql.org/docs/current/mvcc-caveats.html. Then another snapshot is made.
 */
import type pg from 'pg';
import { stateOf } from '../../database/faults/sql-states.ts';
import { messageOf, RoundsmanError } from '../../ground/errors.ts';
import { takeInventory, type Inventory } from './inventory.ts';
import { openSnapshot, type Snapshot } from './snapshot.ts';

/** Each time that it was read, a table or another definition had been changed or dropped after the snapshot. */
export class ChangedBeforeBackupError extends RoundsmanError {
  override readonly retryable = true;
}

export interface Held {
  snapshot: Snapshot;
  inventory: Inventory;
}

const maxTries = 10;

/** The catalogue of the snapshot names the file of a table at that moment; the function says which one it has now. */
const rewritten = `
  SELECT format('%I.%I', n.nspname, c.relname) AS quoted
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND c.relfilenode <> 0 AND n.nspname NOT LIKE 'pg\\_%'
    AND n.nspname <> 'information_schema' AND pg_relation_filenode(c.oid) IS DISTINCT FROM c.relfilenode
  ORDER BY 1 LIMIT 5`;

/**
 * The names are those of the snapshot, and the function looks for them in the tables as they are now: it fails where a column was dropped
 * or renamed.
 */
const columns = `
  SELECT count(has_column_privilege(c.oid, a.attname::text, 'SELECT'))
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
  WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
    AND a.attnum > 0 AND NOT a.attisdropped`;

/** A table, its schema or a column was dropped or renamed before it was locked. */
const gone = new Set(['42P01', '3F000', '42703']);

/** Aborting `signal` ends it, also while it waits for a lock. Throws {@link ChangedBeforeBackupError}; `end()` the snapshot. */
export async function openHeld(url: string, signal: AbortSignal): Promise<Held> {
  let changed: string[] = [];
  for (let tries = 0; tries < maxTries; tries += 1) {
    signal.throwIfAborted();
    const snapshot = await openSnapshot(url);
    const stop = () => snapshot.end();
    signal.addEventListener('abort', stop, { once: true });
    try {
      const inventory = await takeInventory(snapshot.client);
      await snapshot.lock(inventory.toLock);
      changed = await rewrittenIn(snapshot.client);
      await snapshot.client.query(columns);
      signal.throwIfAborted();
      if (changed.length === 0) return { snapshot, inventory };
      snapshot.end();
    } catch (error) {
      snapshot.end();
      signal.throwIfAborted();
      if (!gone.has(stateOf(error) ?? '')) throw error;
      changed = [messageOf(error)];
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }
  throw new ChangedBeforeBackupError({
    what: 'no backup was made',
    why: `tables were rewritten, changed or dropped each time that they were to be locked, at last ${changed.join(', ')}`,
    hint: 'wait until the migrations of that database have ended, and try again',
  });
}

async function rewrittenIn(client: pg.ClientBase): Promise<string[]> {
  const { rows } = await client.query<{ quoted: string }>(rewritten);
  return rows.map(({ quoted }) => quoted);
}
