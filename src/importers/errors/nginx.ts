import { isIP } from 'node:net';
import type { LogFormat, ParsedLine, Reading } from '../reading/log-format.ts';
import { instant, noSuchTime } from '../reading/log-time.ts';
import { errorLogRow, type ErrorLogRow } from './error-log-row.ts';

/** The error log of nginx. */
export const nginx: LogFormat<ErrorLogRow> = {
  name: 'nginx',
  writtenBy: 'nginx, OpenResty, Tengine',
  example: [
    '2026/03/10 12:00:00 [notice] 1#1: start worker processes',
    '2026/03/10 12:00:00 [error] 31#31: *5 open() "/srv/x" failed (2: No such file or directory), client: 192.0.2.1, server: example.com, request: "GET /x HTTP/1.1", host: "example.com"',
  ],
  zone: 'not named',
  reader: (reading) => (line) => parse(line, reading),
};

const head =
  /^((\d{4})\/(\d\d)\/(\d\d) (\d\d):(\d\d):(\d\d)) \[(\w+)\] (\d+#\d+): (?:\*(\d+) )?(.*)$/s;
// The message may contain the path that a client has chosen, and in it another `client`. nginx's own is the last one
// before the request.
const client = /, client: (?:unix:|([^\s,]+))(?=, server: |$)/g;

function parse(line: string, { zone }: Reading): ParsedLine<ErrorLogRow> {
  const found = head.exec(line);
  if (!found) return 'more';
  const [, text, year, month, day, hour, minute, second, level, process, connection, message] =
    found;
  const at = instant(zone, year, month, day, hour, minute, second);
  if (at === null) return noSuchTime(text!);
  return errorLogRow(`nginx.${level}`, message!, at, {
    ip: addressIn(message!),
    pid: process,
    connection,
  });
}

function addressIn(message: string): string | null {
  const request = message.indexOf(', request: "');
  const before = request === -1 ? message : message.slice(0, request);
  const address = [...before.matchAll(client)].at(-1)?.[1];
  return address && isIP(address) && !address.includes('%') ? address : null;
}
