import { isIP } from 'node:net';
import type { LogFormat, ParsedLine, Reading } from '../reading/log-format.ts';
import { instant, monthOf, noSuchTime } from '../reading/log-time.ts';
import { errorLogRow, type ErrorLogRow } from './error-log-row.ts';

/** The error log of Apache, of 2.2 and of 2.4. */
export const apache: LogFormat<ErrorLogRow> = {
  name: 'apache',
  writtenBy: 'Apache 2.2 and 2.4',
  example: [
    '[Sun Dec 04 04:47:44 2005] [error] [client 192.0.2.1] File does not exist: /x',
    '[Sun Dec 04 04:47:44.123456 2005] [core:error] [pid 5:tid 6] [client 192.0.2.1:443] AH00128: File does not exist: /x',
  ],
  zone: 'not named',
  reader: (reading) => (line) => parse(line, reading),
};

const head =
  /^\[((?:[A-Z][a-z]{2}) ([A-Z][a-z]{2}) +(\d\d?) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))? (\d{4}))\] \[(?:([\w-]*):)?(\w+)\]/;
const block = / \[(pid|client|remote) ([^\]]*)\]/y;

function parse(line: string, { zone }: Reading): ParsedLine<ErrorLogRow> {
  const found = head.exec(line);
  if (!found) return 'more';
  const [all, text, month, day, hour, minute, second, digits, year, module, level] = found;
  const at = instant(zone, year, monthOf(month!), day, hour, minute, second, digits);
  if (at === null) return noSuchTime(text!);
  const blocks: Record<string, string> = {};
  let end = all.length;
  block.lastIndex = end;
  for (let each; (each = block.exec(line)); end = block.lastIndex) blocks[each[1]!] ??= each[2]!;
  const { pid, client, remote = client } = blocks;
  // `[-:error]` and `[:error]` come from modules without a name.
  const type = module && module !== '-' ? `apache.${module}.${level}` : `apache.${level}`;
  const ip = remote ? clientOf(remote, module !== undefined) : null;
  return errorLogRow(type, line.slice(end).trimStart(), at, { ip, ...(pid && { pid }) });
}

/**
 * The address of the client. Apache 2.4 appends the port to it (`withPort`), 2.2 does not: in `::1:8080` only the version
 * says whether the last part is a port.
 */
function clientOf(text: string, withPort: boolean): string | null {
  const bare = text.replace(/:\d{1,5}$/, '');
  const candidates = withPort ? [bare, text] : [text, bare];
  return candidates.find((candidate) => isIP(candidate) && !candidate.includes('%')) ?? null;
}
