/** A log of the platform, which is imported into its table as a whole or not at all. */
import { connect, pool } from '../../database/connect.ts';
import { accessLog, type TimeUnit } from '../../importers/access-log.ts';
import { errorLog, type ErrorLogFormat } from '../../importers/error-log.ts';
import { importLog, type ImportOptions, type ImportResult } from '../../importers/import.ts';
import { openLog, type LogFile } from '../../importers/log-file.ts';
import type { LogFormat, Timed } from '../../importers/log-rows.ts';
import { offsetOf } from '../../importers/log-time.ts';
import { authorise, type Actor } from '../actor.ts';
import { requirePlatform } from '../database/require-platform.ts';

export type { TimeUnit } from '../../importers/access-log.ts';
export type { ErrorLogFormat } from '../../importers/error-log.ts';
export type { ImportResult } from '../../importers/import.ts';

/** An open log. The code that opened it closes it. */
export interface OpenedLog extends Pick<LogFile, 'name' | 'size' | 'close'> {
  /**
   * Imports the log into the database at `url`; works once. For owners and admins. Throws ImportError,
   * UnreadableLogError, NoPlatformError.
   */
  importInto(
    context: { url: string; actor: Actor },
    options: Required<ImportOptions>,
  ): Promise<ImportResult>;
}

/** Combined or common format, into api_logs. Throws NotFoundError, UnreadableLogError; `-` is standard input. */
export const openAccessLog = (
  file: string,
  { timeUnit }: { timeUnit: TimeUnit | undefined },
): Promise<OpenedLog> => open(file, accessLog(timeUnit));

/**
 * One message a line, into error_logs; `utcOffset` is the offset of times without a zone. Throws as {@link
 * openAccessLog} does.
 */
export const openErrorLog = (
  file: string,
  { format, utcOffset }: { format: ErrorLogFormat; utcOffset: string | undefined },
): Promise<OpenedLog> => open(file, errorLog(format, offsetOf(utcOffset, 0)));

async function open<Row extends Timed>(file: string, format: LogFormat<Row>): Promise<OpenedLog> {
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
        return await importLog(connections, log, format, options);
      } finally {
        await connections.end();
      }
    },
  };
}
