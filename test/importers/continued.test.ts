/** Messages of several lines, whose lines each have a time of their own: stack traces and parts of long messages. */
import { pipeline } from 'node:stream/promises';
import { Readable, Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { errorLogs } from '../../src/importers/errors/formats.ts';
import { rowsOf } from '../../src/importers/log-rows.ts';
import { emptyTally } from '../../src/importers/tally.ts';
import { zoneOf } from '../../src/importers/reading/zone.ts';

const now = Date.parse('2026-03-11T00:00:00Z');

/** The rows of a log: type, message, stack trace, time. */
async function rowsIn(lines: readonly string[], format?: string) {
  const tally = emptyTally();
  let text = '';
  const rows = rowsOf(
    {
      log: errorLogs,
      format: errorLogs.formats.find(({ name }) => name === format) ?? null,
      reading: { now, zone: zoneOf('UTC')!, isZoneGiven: false, untimed: false },
      untimedAt: null,
    },
    tally,
  );
  const kept = new Writable({
    objectMode: true,
    write(part: unknown, _encoding, done) {
      if (Buffer.isBuffer(part)) text += part.toString();
      done();
    },
  });
  await pipeline(Readable.from([Buffer.from(lines.join('\n'))]), rows, kept);
  const unescaped: Record<string, string> = { n: '\n', t: '\t', '\\': '\\' };
  const read = text
    .split('\n')
    .slice(0, -1)
    .map((row) =>
      row
        .split('\t')
        .map((value) =>
          value === '\\N' ? null : value.replaceAll(/\\([nt\\])/g, (_, c: string) => unescaped[c]!),
        ),
    )
    .map(([type, message, stack, , , at]) => ({ type, message, stack, at }))
    .toSorted((a, b) => (a.at! < b.at! ? -1 : a.at! > b.at! ? 1 : 0));
  return { rows: read, tally };
}

const second = (n: number) => new Date(Date.parse('2026-03-10T12:00:00.000Z') + n * 1000);
const nano = (n: number) => second(n).toISOString().replace('Z', '456789Z');
const trace = ['    at Web.get (/srv/web.js:3:9)', '\tat com.example.Web(Web.java:3)'];

type Written = (n: number, text: string) => string;
const syslogTime = (n: number) => `Mar 10 ${second(n).toISOString().slice(11, 19)}`;
const containers: [string, string, Written][] = [
  [
    'Docker',
    'docker',
    (n, text) => JSON.stringify({ log: `${text}\n`, stream: 'stderr', time: nano(n) }),
  ],
  ['a container runtime', 'docker', (n, text) => `${nano(n)} stderr F ${text}`],
  ['a container runtime with tags', 'docker', (n, text) => `${nano(n)} stderr F:a:b ${text}`],
  [
    'rsyslog',
    'syslog',
    (n, text) => `${syslogTime(n)} web1 app[77]: ${text.replace('\t', '#011')}`,
  ],
  ['a syslog that keeps tabs', 'syslog', (n, text) => `${syslogTime(n)} web1 app[77]: ${text}`],
  ['RFC 5424', 'syslog', (n, text) => `<11>1 ${nano(n)} web1 app 77 - - ${text}`],
  ['docker logs --timestamps', 'plain', (n, text) => `${nano(n)} ${text}`],
  [
    'PHP',
    'php',
    (n, text) =>
      `[10-Mar-2026 ${second(n).toISOString().slice(11, 19)} UTC] ${text.startsWith('cannot') ? `PHP Warning:  ${text}` : text.includes('Web.get') ? 'PHP Stack trace:' : 'PHP   1. {main}() /srv/index.php:0'}`,
  ],
];

describe.each(containers)('%s', (_, format, written) => {
  test.each([100, 50, 29, 3])('is told by its lines when %i of 100 are messages', async (share) => {
    const lines: string[] = [];
    for (let n = 0; n < 20; n++) {
      const more = Math.ceil((100 - share) / share);
      lines.push(written(60 * n, `cannot connect ${n}`));
      for (let at = 0; share < 100 && at < more; at++) lines.push(written(60 * n, trace[at % 2]!));
    }
    const { rows, tally } = await rowsIn(lines);
    expect(tally).toMatchObject({
      format,
      imported: 20,
      joined: lines.length - 20,
      malformed: { count: 0 },
    });
    for (const [n, row] of rows.entries()) {
      expect(row.message).toMatch(new RegExp(`cannot connect ${n}$`));
      if (share < 100) expect(row.stack).toBeTruthy();
      expect(row.message).not.toContain('stderr');
    }
  });

  test('keeps an indented line that begins the log, or comes long after the line before', async () => {
    const { rows, tally } = await rowsIn(
      [written(0, trace[0]!), written(1, 'cannot connect'), written(900, trace[1]!)],
      format,
    );
    expect(tally).toMatchObject({ imported: 3, joined: 0, malformed: { count: 0 } });
    expect(rows).toHaveLength(3);
  });
});

const json = (n: number, log: string, stream = 'stderr') =>
  JSON.stringify({ log, stream, time: nano(n) });
const cri = (n: number, flag: 'F' | 'P', text: string, stream = 'stderr') =>
  `${nano(n)} ${stream} ${flag} ${text}`;
const long = 'x'.repeat(16 * 1024);

describe('the parts of a long message', () => {
  test.each<[string, string[], string[]]>([
    [
      'of Docker',
      [json(0, long), json(0.001, long), json(0.002, 'end\n'), json(1, 'next\n')],
      [`${long}${long}end`, 'next'],
    ],
    ['of Docker, of any length', [json(0, 'a'), json(0, 'b\n'), json(1, 'next\n')], ['ab', 'next']],
    [
      'of a container runtime',
      [cri(0, 'P', 'a '), cri(0, 'P', 'b '), cri(0, 'F', 'c'), cri(1, 'F', 'next')],
      ['a b c', 'next'],
    ],
    [
      'of two streams at once',
      [cri(0, 'P', 'a', 'stdout'), cri(1, 'P', 'x'), cri(2, 'F', 'b', 'stdout'), cri(3, 'F', 'y')],
      ['ab', 'xy'],
    ],
    [
      'of two streams of Docker',
      [json(0, 'a', 'stdout'), json(0.1, 'x'), json(0.2, 'b\n', 'stdout'), json(0.3, 'y\n')],
      ['ab', 'xy'],
    ],
    [
      'the last of which is not written yet',
      [cri(0, 'F', 'next'), cri(1, 'P', 'a'), cri(1, 'P', 'b')],
      ['next', 'ab'],
    ],
    [
      'the last of which is empty',
      [cri(0, 'P', 'a'), `${nano(0)} stderr F`, cri(1, 'F', 'next')],
      ['a', 'next'],
    ],
    ['that is all there is', [json(0, long), json(0, long)], [long + long]],
  ])('%s are one row', async (_, lines, messages) => {
    const { rows, tally } = await rowsIn(lines);
    expect(rows.map(({ message }) => message)).toEqual(messages);
    expect(tally).toMatchObject({
      format: 'docker',
      imported: messages.length,
      malformed: { count: 0 },
    });
    expect(tally.joined).toBe(lines.length - messages.length);
    expect(rows[0]!.at).toBe(second(0).toISOString());
  });

  test('are not joined to a message without an end that was written long before', async () => {
    const { rows } = await rowsIn([json(0, 'killed'), json(60, 'starting\n')]);
    expect(rows.map(({ message, at }) => [message, at])).toEqual([
      ['killed', second(0).toISOString()],
      ['starting', second(60).toISOString()],
    ]);
  });

  test('are cut at 64 KiB, and the lines after them are read', async () => {
    const { rows, tally } = await rowsIn([
      ...Array.from({ length: 100 }, () => cri(0, 'P', long)),
      cri(0, 'F', 'end'),
      cri(1, 'F', 'next'),
    ]);
    expect(rows).toHaveLength(2);
    expect(rows[0]!.message!.length).toBeLessThanOrEqual(64 * 1024);
    expect(rows[1]!.message).toBe('next');
    expect(tally.cut).toBe(1);
  });

  test('that are lines of a trace belong to the message before', async () => {
    const { rows } = await rowsIn([
      cri(0, 'F', 'Error: no'),
      cri(0, 'P', '    at a ('),
      cri(0, 'F', 'b.js:1:2)'),
    ]);
    expect(rows).toMatchObject([{ message: 'Error: no', stack: '    at a (b.js:1:2)' }]);
  });
});

describe('mixed lines of several writers', () => {
  test('of two streams belong each to their own', async () => {
    const { rows } = await rowsIn([
      cri(0, 'F', 'Error: no'),
      cri(1, 'F', 'GET /a', 'stdout'),
      cri(1, 'F', '    at a.js:1:2'),
      cri(2, 'F', '  more', 'stdout'),
    ]);
    expect(rows).toMatchObject([
      { message: 'Error: no', stack: '    at a.js:1:2' },
      { message: 'GET /a\n  more', stack: null },
    ]);
  });

  test('of two programs of a syslog belong each to their own', async () => {
    const { rows } = await rowsIn([
      `${syslogTime(0)} web1 app[77]: Error: no`,
      `${syslogTime(1)} web1 cron[5]: started`,
      `${syslogTime(1)} web1 app[77]: #011at a.js:1:2`,
      `${syslogTime(1)} web2 app[77]: #011at b.js:1:2`,
    ]);
    expect(rows).toMatchObject([
      { message: 'Error: no', stack: '\tat a.js:1:2' },
      { message: 'started' },
      { message: '\tat b.js:1:2' },
    ]);
  });

  test('of many programs keep all rows', async () => {
    const lines = Array.from(
      { length: 5_000 },
      (_, n) => `${syslogTime(n)} h${n % 700} app[${n % 900}]: m${n}`,
    );
    const { rows } = await rowsIn(lines);
    expect(rows.map(({ message }) => message)).toEqual(lines.map((_, n) => `m${n}`));
  });
});

test('a trace that rsyslog wrote as one line is a message and a stack trace', async () => {
  const { rows } = await rowsIn([
    `${syslogTime(0)} web1 app[77]: boom#012java.lang.X: no#012#011at a.b(C.java:1)#012Caused by: y`,
    `${syslogTime(1)} web1 app[77]: the colour #012345 is dark`,
  ]);
  expect(rows).toMatchObject([
    { message: 'boom\njava.lang.X: no', stack: '\tat a.b(C.java:1)\nCaused by: y' },
    { message: 'the colour #012345 is dark' },
  ]);
});

test('columns and words that only look like a trace begin a new row', async () => {
  for (const lines of [
    ['03-10 12:00:00.000   702  2395 D a: x', '03-10 12:00:00.100     1  2395 D a: y'],
    ['2026-03-10T12:00:00.123Z  INFO a: x', '2026-03-10T12:00:00.124Z  INFO a: y'],
    ['2026-03-10 12:00:00 at startup', '2026-03-10 12:00:01 at 5 per cent'],
  ])
    expect((await rowsIn(lines)).rows).toHaveLength(2);
});
