/** Imports a log of the platform into its table, as a whole or not at all. */
import { connect, pool } from '../../database/connect.ts';
import { UsageError } from '../../ground/errors.ts';
import { didYouMean } from '../../ground/nearest.ts';
import {
  importLog,
  type ImportOptions,
  type ImportResult,
  type LogSettings,
} from '../../importers/import.ts';
import { openLog, type LogFile } from '../../importers/log-file.ts';
import type { LogTable, Timed, TimeUnit } from '../../importers/reading/log-format.ts';
import { zoneOf, type Zone } from '../../importers/reading/zone.ts';
import { authorise, type Actor } from '../actor.ts';
import { requirePlatform } from '../database/require-platform.ts';

export type { TimeUnit } from '../../importers/reading/log-format.ts';
export type { ImportResult } from '../../importers/import.ts';

/** An open log; the caller that opened it has to close it. */
export interface OpenedLog extends Pick<LogFile, 'name' | 'size' | 'close'> {
  /**
   * Imports the log into the database at `url`; works once. For owners and admins. Throws ImportError,
   * UnknownLogError, OtherLogError, ImportedBeforeError, UnreadableLogError, NoPlatformError.
   */
  importInto(
    context: { url: string; actor: Actor },
    options: Omit<ImportOptions, 'by'>,
  ): Promise<ImportResult>;
}

export interface GivenSettings {
  /** the name of a format; without it the first lines decide */
  format?: string | undefined;
  /** the zone of times that name none: an IANA name or an offset such as +02:00 */
  timeZone?: string | undefined;
  /** the unit of response times that name none */
  timeUnit?: TimeUnit | undefined;
}

/** Opens a log of requests, for api_logs; `-` is standard input. Throws UsageError, NotFoundError, UnreadableLogError. */
export async function openAccessLog(file: string, given: GivenSettings): Promise<OpenedLog> {
  const { accessLogs, errorLogs } = await bothKinds();
  return open(file, { ...settingsOf(accessLogs, given), other: errorLogs });
}

/** Opens a log of errors, for error_logs. Throws as {@link openAccessLog} does. */
export async function openErrorLog(file: string, given: GivenSettings): Promise<OpenedLog> {
  const { accessLogs, errorLogs } = await bothKinds();
  return open(file, { ...settingsOf(errorLogs, given), other: accessLogs });
}

async function bothKinds() {
  const { accessLogs } = await import('../../importers/access/formats.ts');
  const { errorLogs } = await import('../../importers/errors/formats.ts');
  return { accessLogs, errorLogs };
}

function settingsOf<Row extends Timed>(
  log: LogTable<Row>,
  { format: name, timeZone, timeUnit }: GivenSettings,
): LogSettings<Row> {
  const format = log.formats.find((each) => each.name === name);
  if (name !== undefined && format === undefined) {
    const names = log.formats.map((each) => each.name);
    throw new UsageError({
      what: `--format cannot be ${JSON.stringify(name)}`,
      why: `there are ${names.join(', ')}`,
      hint: didYouMean(name, names, 'leave it out: the first lines say which one it is'),
    });
  }
  return { log, format: format ?? null, zone: zoneGiven(timeZone), timeUnit };
}

function zoneGiven(name: string | undefined): { name: string; zone: Zone } | null {
  if (name === undefined) return null;
  const zone = zoneOf(name.trim());
  if (zone !== null) return { name: name.trim(), zone };
  throw new UsageError({
    what: `--time-zone cannot be ${JSON.stringify(name)}`,
    why: 'it is not a known time zone, or several have that name',
    // Short forms such as IST have several meanings: near names alone would mislead.
    hint: [
      didYouMean(name.trim(), Intl.supportedValuesOf('timeZone'), ''),
      'give an IANA name such as Europe/Berlin, or an offset such as +02:00',
    ]
      .filter(Boolean)
      .join(' Or '),
  });
}

async function open<Row extends Timed>(
  file: string,
  settings: LogSettings<Row>,
): Promise<OpenedLog> {
  const log = await openLog(file);
  return {
    name: log.name,
    size: log.size,
    close: () => log.close(),
    async importInto({ url, actor }, options) {
      authorise(actor, 'import logs', 'admin');
      await using db = connect(url, { max: 1, name: 'roundsman import' });
      await requirePlatform(db, 'nothing was imported');
      const connections = pool(url, { max: 1, statementTimeoutMs: 0, name: 'roundsman import' });
      try {
        return await importLog(connections, log, settings, { ...options, by: actor.name });
      } finally {
        await connections.end();
      }
    },
  };
}
