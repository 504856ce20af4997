import { isIP } from 'node:net';
import type { LogFormat, ParsedLine, Reading } from '../reading/log-format.ts';
import { instant, noSuchTime, noSuchZone, zoneIn } from '../reading/log-time.ts';
import { zonePattern } from '../reading/zone.ts';
import { errorLogRow, type ErrorLogRow } from './error-log-row.ts';

/** The log of PostgreSQL with any `log_line_prefix` that begins with %m or %t. */
export const postgresql: LogFormat<ErrorLogRow> = {
  name: 'postgresql',
  writtenBy: 'PostgreSQL (stderr), PgBouncer',
  example: [
    '2026-03-10 12:00:00.123 CET [1234] LOG:  database system is ready to accept connections',
    '2026-03-10 12:00:00.123 UTC [77] LOG S-0x5581: app/ann@192.0.2.1:5000 closing because: client close request (age=5s)',
    '2026-07-10 12:00:00 CEST [1234]: [2-1] user=ann,db=app,app=psql,client=192.0.2.1 ERROR:  relation "x" does not exist at character 15',
  ],
  zone: 'sometimes named',
  reader: (reading) => (line) => parse(line, reading),
};

const levels =
  'DEBUG[1-5]?|LOG|INFO|NOTICE|WARNING|ERROR|FATAL|PANIC|DETAIL|HINT|QUERY|CONTEXT|LOCATION|STATEMENT|NOISE';
const head = new RegExp(
  `^((\\d{4})-(\\d\\d)-(\\d\\d) (\\d\\d):(\\d\\d):(\\d\\d)(?:\\.(\\d{1,6}))?) ?(${zonePattern})? (.{0,500}?)\\b(${levels})(?: [CS]-0x[\\da-f]+)?:  ?(.*)$`,
  's',
);

function parse(line: string, reading: Reading): ParsedLine<ErrorLogRow> {
  const found = head.exec(line);
  if (!found) return 'more';
  const [, text, year, month, day, hour, minute, second, digits, name, prefix, level, message] =
    found;
  const zone = zoneIn(name, reading);
  if (zone === null) return noSuchZone(name!);
  const at = instant(zone, year, month, day, hour, minute, second, digits);
  if (at === null) return noSuchTime(text!);
  const ip = addressIn(prefix!) ?? (/ [CS]-0x/.test(line) ? addressIn(message!) : null);
  return errorLogRow(`postgresql.${level!.toLowerCase()}`, message!, at, {
    ip,
    pid: /\[(\d+)\]/.exec(prefix!)?.[1],
    user: /\buser=([^,\s]+)/.exec(prefix!)?.[1],
    database: /\b(?:db|database)=([^,\s]+)/.exec(prefix!)?.[1],
  });
}

/** The client's address in a prefix: `%h` writes an address, `%r` one with its port in parentheses. */
function addressIn(text: string): string | null {
  for (const [, word] of text.matchAll(
    /(?:^|[\s=@[,])([\da-fA-F.:]{2,45}?)(?:\(\d+\)|:\d{1,5})?(?=[\s,\]]|$)/g,
  ))
    if (isIP(word!)) return word!;
  return null;
}
