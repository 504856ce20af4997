/**
 * Imports logs as rows, in one transaction: bytes are cut into lines, parsed and sent into one COPY while they are
 * read. If anything stops it, a signal, a full disk or a lost connection, no row stays.
 */
import type { Readable, Stream } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { messageOf, RoundsmanError } from '../ground/errors.ts';
import { copyRows } from './copy-rows.ts';
import { correctYears } from './correct-years.ts';
import { unreadable, type LogFile } from './log-file.ts';
import { recognise } from './imported-before.ts';
import { rowsOf } from './log-rows.ts';
import { emptyTally, type Tally } from './tally.ts';
import type { LogFormat, LogTable, TimeUnit, Timed } from './reading/log-format.ts';
import { utc, type Zone } from './reading/zone.ts';

/** The database refused the log, or no line of it could be read. Nothing was imported. */
export class ImportError extends RoundsmanError {}

/** How a log is read. */
export interface LogSettings<Row extends Timed> {
  log: LogTable<Row>;
  /** The other kind of log: a log of this kind is refused. Without it, every log is accepted. */
  other?: LogTable<any>;
  /** null: the format is chosen by the first lines */
  format: LogFormat<Row> | null;
  /** The zone of times that name none; null: they are assumed to be in UTC. */
  zone: { name: string; zone: Zone } | null;
  /** The unit of response times that name none. */
  timeUnit?: TimeUnit | undefined;
}

export interface ImportOptions {
  /** Shifts all times by the same amount, so that the newest is now. */
  shiftToNow?: boolean;
  /** Lines without a time become rows of the present time. */
  untimed?: boolean;
  /** Imports the whole log, also rows that were imported before. */
  again?: boolean;
  /** The person who imports it. */
  by?: string;
  /** Called each time bytes arrive. */
  onProgress?: (bytes: number, lines: number) => void;
}

export interface ImportResult extends Pick<
  Tally,
  'imported' | 'known' | 'malformed' | 'cut' | 'joined'
> {
  table: string;
  /** the name of the format in which it was read; null for a log without lines */
  format: string | null;
  /** the zone that was used for times that name none; null when all of them name one */
  time_zone: string | null;
  /** true when the caller gave that zone, false when it was assumed */
  time_zone_given: boolean;
  first: Date | null;
  last: Date | null;
  /** whether a date named no year */
  years_assumed: boolean;
  /** by how many ms the newest time is later than the database's time; null when it is not, and with a shift */
  ahead_ms: number | null;
  /** null without a shift */
  shifted_ms: number | null;
}

/**
 * Imports a whole log or nothing. Throws {@link ImportError}, UnknownLogError, OtherLogError, ImportedBeforeError, and
 * UnreadableLogError when the log itself cannot be read. The connections must have no statement timeout.
 */
export async function importLog<Row extends Timed>(
  connections: pg.Pool,
  file: LogFile,
  { log, other, format, zone, timeUnit }: LogSettings<Row>,
  { shiftToNow = false, untimed = false, again = false, by, onProgress }: ImportOptions = {},
): Promise<ImportResult> {
  const tally = emptyTally();
  let source: Readable | undefined;
  let failedFirst: Stream | undefined;
  let committing = false;
  const client = await connections.connect();
  try {
    const bytes = (source = await file.read());
    // A pipeline passes the first failure on to its other streams, so the stream that failed first is remembered here. A
    // small archive fails even before the pipeline is built.
    const remember = (stream: Stream) => stream.once('error', () => (failedFirst ??= stream));
    remember(bytes);
    await client.query('BEGIN');
    const now = await databaseTime(client);
    const recognition = await recognise(client, log.table, { again });
    const target = shiftToNow ? await stage(client, log) : log.table;
    const rows = rowsOf(
      {
        log,
        ...(other && { other }),
        format,
        reading: { now, zone: zone?.zone ?? utc, isZoneGiven: zone !== null, timeUnit, untimed },
        untimedAt: shiftToNow ? null : now,
        onText: (chunk) => recognition.findEnds(chunk),
      },
      tally,
    );
    rows.on('data', () => onProgress?.(file.bytesRead(), tally.lines));
    const copy = copyRows(client, { target, columns: log.columns }, async () => {
      await client.query('ROLLBACK');
      await client.query('BEGIN');
      if (shiftToNow) await stage(client, log);
    });
    remember(rows);
    remember(copy);
    if (bytes.errored) throw bytes.errored;
    await pipeline(bytes, rows, copy);
    recognition.requireNew(tally.imported + tally.joined + tally.malformed.count);
    if (tally.imported === 0 && tally.malformed.count > 0) throw noLineRead(file, log, tally);
    // If some dates of the log name a year, the years of the others were found by those: then nothing is corrected.
    const { years } = tally;
    if (years?.isAhead && years.placed >= tally.imported - tally.untimed) {
      const logZone = tally.zoneUsed && zone ? zone : { name: 'UTC', zone: utc };
      await correctYears(client, target, { years, tally, zone: logZone, now });
    }
    const ahead = tally.newest !== null && !shiftToNow ? tally.newest - now : 0;
    const shifted = shiftToNow ? await unstage(client, log, tally.newest) : null;
    const times = timesOf(tally, shifted ?? { now, shift: null });
    if (tally.imported > 0) {
      const rows = tally.imported;
      if (!shiftToNow) await recognition.requireNewRows(log.columns, { rows, ...times });
      await recognition.remember({ name: file.name, rows, by: by ?? null, ...times });
    }
    committing = true;
    await client.query('COMMIT');
    return {
      table: log.table,
      format: tally.format,
      time_zone: tally.zoneUsed ? (zone?.name ?? 'UTC') : null,
      time_zone_given: zone !== null,
      imported: tally.imported,
      known: tally.known,
      // A part that was imported before and is never completed is counted as malformed only.
      joined: Math.max(0, tally.joined),
      malformed: tally.malformed,
      cut: tally.cut,
      ...times,
      years_assumed: years !== null && years.placed > 0,
      ahead_ms: ahead > 0 ? ahead : null,
      shifted_ms: shifted?.shift ?? null,
    };
  } catch (error) {
    if (source?.errored && (failedFirst ?? source) === source)
      throw unreadable(file.name, source.errored);
    if (error instanceof RoundsmanError) throw error;
    throw databaseError(error, log.table, committing);
  } finally {
    // Closing the connection rolls the transaction back, in whatever state it is.
    client.release(true);
  }
}

async function databaseTime(client: pg.PoolClient): Promise<number> {
  const { rows } = await client.query<{ now: Date }>('SELECT engine.now() AS now');
  return rows[0]!.now.getTime();
}

const stagingTable = 'pg_temp.import_lines';

/**
 * Makes a temporary table in which the rows are collected, and returns its name. The shift is known only at the end of the
 * log, and a stream can be read only once.
 */
async function stage<Row extends Timed>(
  client: pg.PoolClient,
  { table, columns }: LogTable<Row>,
): Promise<string> {
  await client.query(
    `CREATE TEMP TABLE import_lines ON COMMIT DROP AS SELECT ${columns.join()} FROM ${table} WITH NO DATA`,
  );
  return stagingTable;
}

/** Copies the staged rows into their table and shifts them by `shift` ms, so that the newest of them is now. */
async function unstage<Row extends Timed>(
  client: pg.PoolClient,
  { table, columns }: LogTable<Row>,
  newest: number | null,
): Promise<{ now: number; shift: number }> {
  const now = await databaseTime(client);
  const shift = newest === null ? 0 : now - newest;
  const shiftedTime = `coalesce(created_at + $1 * interval '1 millisecond', $2::timestamptz)`;
  const values = columns.map((name) => (name === 'created_at' ? shiftedTime : name));
  await client.query(
    `INSERT INTO ${table} (${columns.join()}) SELECT ${values.join()} FROM ${stagingTable}`,
    [shift, new Date(now).toISOString()],
  );
  return { now, shift };
}

function timesOf(
  { oldest, newest, untimed }: Tally,
  { now, shift }: { now: number; shift: number | null },
): { first: Date | null; last: Date | null } {
  const times = untimed > 0 ? [now] : [];
  for (const at of [oldest, newest]) if (at !== null) times.push(at + (shift ?? 0));
  if (times.length === 0) return { first: null, last: null };
  return { first: new Date(Math.min(...times)), last: new Date(Math.max(...times)) };
}

function noLineRead<Row extends Timed>(
  { name }: LogFile,
  { formats, hint }: LogTable<Row>,
  { malformed, format, known, lines }: Tally,
) {
  const [first] = malformed.lines;
  const others = formats.map((each) => each.name).filter((each) => each !== format);
  const line = formats
    .find(({ name }) => name === format)
    ?.example.at(-1)!
    .replaceAll('\t', String.raw`\t`);
  return new ImportError({
    what: `nothing was imported from ${name}`,
    why: `none of its ${known ? `${malformed.count} new` : lines} lines could be read${format ? ` as ${format}` : ''}; line ${first!.line}: ${first!.why}`,
    hint: `${line ? `a line of ${format} looks like \`${line}\`; ` : ''}${hint}; the other formats are ${others.join(', ')}`,
  });
}

function databaseError(error: unknown, table: string, committing: boolean): ImportError {
  const hint = committing
    ? `the answer to COMMIT was lost: look into ${table} before you run it again`
    : 'no row of it was kept: remove the cause that the database names, then run it again';
  return new ImportError(
    { what: 'the log was not imported', why: messageOf(error), hint },
    { cause: error },
  );
}
