/**
 * Imports logs as rows, in one transaction: bytes are cut into lines, parsed and sent into one COPY while they are
 * read. If anything stops it, a signal, a full disk or a lost connection, no row stays.
 */
import type { Stream } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { messageOf, RoundsmanError } from '../ground/errors.ts';
import { unreadable, type LogFile } from './log-file.ts';
import { emptyTally, rowsOf, type LogFormat, type Tally, type Timed } from './log-rows.ts';

/** The database refused the log, or no line of it could be read. Nothing was imported. */
export class ImportError extends RoundsmanError {}

export interface ImportOptions {
  /**
   * Shifts all times by the same amount, so that the newest is now. Lines without a time get the present time anyway.
   */
  shiftToNow?: boolean;
  /** Called each time bytes arrive. */
  onProgress?: (bytes: number, lines: number) => void;
}

export interface ImportResult extends Pick<Tally, 'imported' | 'malformed' | 'cut'> {
  table: string;
  first: Date | null;
  last: Date | null;
  /** null without a shift */
  shifted_ms: number | null;
}

/**
 * Imports a whole log or nothing. Throws {@link ImportError}, and UnreadableLogError when the log
 * itself fails. The connection must be without a statement timeout.
 */
export async function importLog<Row extends Timed>(
  connections: pg.Pool,
  log: LogFile,
  format: LogFormat<Row>,
  { shiftToNow = false, onProgress }: ImportOptions = {},
): Promise<ImportResult> {
  const tally = emptyTally();
  let source: Stream | undefined;
  let culprit: Stream | undefined;
  let committing = false;
  const client = await connections.connect();
  // A lost connection fails the query as well; without a listener this event would end the process.
  client.on('error', () => {});
  try {
    await client.query('BEGIN');
    const now = await databaseTime(client);
    const target = shiftToNow ? await stage(client, format) : format.table;
    const rows = rowsOf(format, { now, untimed: shiftToNow ? null : now }, tally);
    rows.on('data', () => onProgress?.(log.bytesRead(), tally.lines));
    const copy = client.query(copyFrom(`COPY ${target} (${format.columns.join()}) FROM STDIN`));
    const bytes = (source = log.read());
    // A pipeline gives the first failure to its other streams as well, so the first one is remembered here.
    for (const stream of [bytes, rows, copy]) stream.once('error', () => (culprit ??= stream));
    await pipeline(bytes, rows, copy);
    if (tally.imported === 0 && tally.malformed.count > 0) throw unlike(log, format, tally);
    const shifted = shiftToNow ? await unstage(client, format, tally.newest) : null;
    committing = true;
    await client.query('COMMIT');
    return resultOf(format.table, tally, shifted ?? { now, shift: null });
  } catch (error) {
    if (culprit && culprit === source) throw unreadable(log.name, error);
    if (error instanceof RoundsmanError) throw error;
    throw refused(error, format.table, committing);
  } finally {
    // Closing its connection rolls the transaction back, in whatever state it is.
    client.release(true);
  }
}

async function databaseTime(client: pg.PoolClient): Promise<number> {
  const { rows } = await client.query<{ now: Date }>('SELECT engine.now() AS now');
  return rows[0]!.now.getTime();
}

const staged = 'pg_temp.import_lines';

/**
 * Collects the rows in a temporary table: the shift is known only at the end, also for a stream that can be read only
 * once.
 */
async function stage<Row extends Timed>(
  client: pg.PoolClient,
  { table, columns }: LogFormat<Row>,
): Promise<string> {
  await client.query(
    `CREATE TEMP TABLE import_lines ON COMMIT DROP AS SELECT ${columns.join()} FROM ${table} WITH NO DATA`,
  );
  return staged;
}

/** Copies the staged rows into their table and shifts them by `shift` ms, so that the newest of them is now. */
async function unstage<Row extends Timed>(
  client: pg.PoolClient,
  { table, columns }: LogFormat<Row>,
  newest: number | null,
): Promise<{ now: number; shift: number }> {
  const now = await databaseTime(client);
  const shift = newest === null ? 0 : now - newest;
  const moved = `coalesce(created_at + $1 * interval '1 millisecond', $2::timestamptz)`;
  const values = columns.map((name) => (name === 'created_at' ? moved : name));
  await client.query(
    `INSERT INTO ${table} (${columns.join()}) SELECT ${values.join()} FROM ${staged}`,
    [shift, new Date(now).toISOString()],
  );
  return { now, shift };
}

function resultOf(
  table: string,
  { imported, malformed, cut, oldest, newest, untimed }: Tally,
  { now, shift }: { now: number; shift: number | null },
): ImportResult {
  const times = untimed > 0 ? [now] : [];
  for (const at of [oldest, newest]) if (at !== null) times.push(at + (shift ?? 0));
  const [first, last] = times.length
    ? [new Date(Math.min(...times)), new Date(Math.max(...times))]
    : [null, null];
  return { table, imported, malformed, cut, first, last, shifted_ms: shift };
}

function unlike<Row extends Timed>(log: LogFile, { hint }: LogFormat<Row>, { malformed }: Tally) {
  const [first] = malformed.lines;
  return new ImportError({
    what: `nothing was imported from ${log.name}`,
    why: `none of its ${malformed.count} lines could be read; line ${first!.line}: ${first!.why}`,
    hint,
  });
}

function refused(error: unknown, table: string, committing: boolean): ImportError {
  const hint = committing
    ? `the answer to COMMIT was lost: look into ${table} before you run it again`
    : 'nothing of it was kept: see to what the database says, then run it again';
  return new ImportError(
    { what: 'the log was not imported', why: messageOf(error), hint },
    { cause: error },
  );
}
