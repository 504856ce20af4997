/** Writes docs/logs.md from the formats of logs themselves. */
import { accessLogs } from '../../src/importers/access/formats.ts';
import { errorLogs } from '../../src/importers/errors/formats.ts';
import type { LogTable } from '../../src/importers/reading/log-format.ts';
import { code, table } from './markdown.ts';

const intro = `# Logs that can be imported

\`npx roundsman import access-log FILE\` reads requests into \`api_logs\`, and \`npx roundsman import error-log FILE\` reads
messages into \`error_logs\`. A file is imported whole or not at all. \`npm run docs\` writes this page from the formats in
\`src/importers/\`: change them, not the page. Another format is one file there and one line in the list beside it.

## How a file is read

- **Compression and encoding** are told by the first bytes, whatever the file is called: gzip and zstd are unpacked, also
  one in the other, with zero bytes behind gzip and skippable frames in zstd; a damaged or cut one is refused. UTF-16 and a byte order mark are read. Lines end with \\n, \\r\\n or, in a text without any other end,
  \\r. NUL bytes at the beginning of a line are left out, and others become U+FFFD.
- **The format** is told by the first 200 lines, and printed. \`--format\` decides where that is wrong. A log whose
  lines are those of the other command is refused with that command, unless \`--format\` is given.
- **Times that name no zone** are of \`--time-zone\`, an IANA name or an offset; without it UTC is assumed, and the command
  says so. CST, IST and PST mean several zones: such lines are left out unless \`--time-zone\` is given.
- **A time that clocks show twice**, when they are set back, is the first one, and the second one from where the log goes
  back by more than two minutes.
- **Dates without a year** are of the years in which the lines follow each other and the last one is at most a day ahead
  of now (clocks and zones differ). The command says that it assumed them, and when the times span more than 300 days.
- **Times that are ahead of now** are imported as they are, and the command says by how much the newest one is.
- **A line of an error log without a time** belongs to the line before it: to its \`stack_trace\` from where one begins, before
  that to its message, up to 64 KiB. So does a line that has a time and is indented, or otherwise of a stack trace, as
  container runtimes, syslog (also as #011 and #012) and PHP write them: to the line of the same stream or program, at
  most 10 seconds before it. The parts of 16 KiB into which container runtimes cut a message are one row.
- **A log without any time** is refused; with \`--time now\` each line is a row of the present time.
- **The same text a second time** is refused, whatever it is called and packed in, with \\n or \\r\\n, and with its last line
  end or without it. So is a part of a log that was imported, where the table has each of its rows and the log begins or
  ends at the same time. \`--again\` imports all of it once more.
- **A log that has grown** since it was imported is read to its end, and only what is new becomes rows; the command says how
  many lines were imported before. A log that was rotated or emptied is another one. A line that was not whole then is
  new when it is.
- **What cannot be read** is left out, counted, and the first ten lines are listed with their reasons.

A request that the server could not read, as \`"-" 408\`, has the method \`-\`; a request that got no answer, as status
\`000\`, has the status 0. A line whose fields name no status is left out, unless it is completed by a later one: a request and
its answer that Fastify or pino-http write as two lines of JSON with one id (\`reqId\`) are one row, of the time of the
answer. The target of a request is its path, also where it is a whole URL. Of a list of addresses the first one is the client's. A response time is read where it names its
unit (\`3ms\`), where its name does (\`rt=0.012\` in seconds, \`D=1500\` in us), and with \`--time-unit\` where it is the last
field.
`;

const sectionOf = (command: string, { table: name, formats }: LogTable<any>): string[] => [
  `\n## \`${command}\`, into \`${name}\``,
  ...table(
    ['--format', 'written by', 'zone', 'a line'],
    formats.map(({ name: format, writtenBy, zone, example }) => [
      code(format),
      writtenBy,
      zone,
      code(example.at(-1)!.replaceAll('\t', String.raw`\t`)),
    ]),
  ),
];

export const logsPage = (): string =>
  [
    intro.trimEnd(),
    ...sectionOf('import access-log', accessLogs),
    ...sectionOf('import error-log', errorLogs),
    '',
  ].join('\n');
