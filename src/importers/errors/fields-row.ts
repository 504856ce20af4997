/** Reads messages from fields with names, by the names that common loggers give them. */
import { isIP } from 'node:net';
import type { ParsedLine, Reading } from '../reading/log-format.ts';
import { fieldTime } from '../reading/field-time.ts';
import { firstField, namesIn, textOf, type Fields } from '../reading/fields.ts';
import { errorLogRow, type ErrorLogRow } from './error-log-row.ts';

const names = {
  time: namesIn(`time timestamp ts @timestamp t.$date t @t datetime date asctime at Timestamp Time timeMillis
    eventTime created_at __REALTIME_TIMESTAMP`),
  level: namesIn(`level severity lvl levelname level_name log.level loglevel @l Level SeverityText
    PRIORITY`),
  message: namesIn(`msg message MESSAGE log event text @m @mt body short_message Message err.message
    error.message err error`),
  stack: namesIn(`stack err.stack error.stack error.stack_trace stack_trace stacktrace stackTrace
    exc_info exception thrown.extendedStackTrace @x`),
  logger: namesIn('logger logger_name loggerName name SYSLOG_IDENTIFIER service caller'),
  host: namesIn('hostname host _HOSTNAME'),
  pid: namesIn('pid _PID process.pid'),
  ip: namesIn('ip client_ip clientIp remote_addr remoteAddress req.remoteAddress'),
};

/** The words for levels that are numbers: 0 to 7 in syslog, 10 to 60 in pino and bunyan. */
const levels: Record<string, string> = {
  0: 'emerg',
  1: 'alert',
  2: 'crit',
  3: 'err',
  4: 'warning',
  5: 'notice',
  6: 'info',
  7: 'debug',
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
};

/** The row of a message. `kind` is the beginning of its type, before the level. */
export function fieldsRow(
  kind: string,
  fields: Fields,
  line: string,
  reading: Reading,
): ParsedLine<ErrorLogRow> {
  const at = fieldTime(fields, names.time, reading);
  if (at !== null && typeof at !== 'number') return at;
  const word = textOf(firstField(fields, names.level));
  const level =
    word !== undefined && Object.hasOwn(levels, word) ? levels[word] : word?.toLowerCase();
  const ip = textOf(firstField(fields, names.ip));
  return errorLogRow(level ? `${kind}.${level}` : kind, messageIn(fields) ?? line, at, {
    ip: ip !== undefined && isIP(ip) && !ip.includes('%') ? ip : null,
    stack: textOf(firstField(fields, names.stack)) ?? null,
    logger: textOf(firstField(fields, names.logger)),
    host: textOf(firstField(fields, names.host)),
    pid: textOf(firstField(fields, names.pid)),
  });
}

function messageIn(fields: Fields): string | undefined {
  const value = firstField(fields, names.message);
  return textOf(value) ?? (value === undefined ? undefined : JSON.stringify(value));
}
