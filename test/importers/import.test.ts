import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import type { ApiLogRow } from '../../src/importers/access/api-log-row.ts';
import { accessLogs } from '../../src/importers/access/formats.ts';
import { errorLogs } from '../../src/importers/errors/formats.ts';
import { importLog, type ImportOptions, type LogSettings } from '../../src/importers/import.ts';
import { openLog } from '../../src/importers/log-file.ts';
import type { Timed, TimeUnit } from '../../src/importers/reading/log-format.ts';
import { zoneOf } from '../../src/importers/reading/zone.ts';
import { fitting } from '../../src/ground/text.ts';
import { importScene } from './scene.ts';

const { database, connections, scratch } = await importScene();

const now = Date.parse('2026-03-10T12:00:00Z');
const when = '[17/May/2015:10:05:03 +0000]';
const line = (path: string, at = when) => `192.0.2.1 - - ${at} "GET ${path} HTTP/1.1" 200 512`;

type ErrorLogFormat = 'apache' | 'syslog' | 'plain';

const accessLog = (timeUnit?: TimeUnit): LogSettings<ApiLogRow> => ({
  log: accessLogs,
  format: null,
  zone: null,
  timeUnit,
});
const errorLog = (name?: ErrorLogFormat) => ({
  log: errorLogs,
  format: errorLogs.formats.find((format) => format.name === name) ?? null,
  zone: null,
});

const reading = (zone = 'UTC') => ({
  now,
  zone: zoneOf(zone)!,
  isZoneGiven: zone !== 'UTC',
  untimed: false,
});
const access = (text: string, timeUnit?: TimeUnit) =>
  accessLogs.formats[0]!.reader({ ...reading(), timeUnit }, [text])(text);
const error = (format: ErrorLogFormat, text: string, zone?: string) =>
  errorLog(format).format!.reader(reading(zone), [text])(text);
const at = (iso: string) => Date.parse(iso);

async function imported<Row extends Timed>(
  content: string | Buffer,
  settings: LogSettings<Row>,
  options?: ImportOptions,
  name = 'some.log',
) {
  const file = join(scratch, name);
  writeFileSync(file, content);
  const log = await openLog(file);
  try {
    return await importLog(connections, log, settings, options);
  } finally {
    await log.close();
  }
}

async function count(table: 'api_logs' | 'error_logs'): Promise<number> {
  const { rows } = await sql<{ n: number }>`
    SELECT count(*)::int AS n FROM ${sql.table(table)}`.execute(database.db);
  return rows[0]!.n;
}

describe('a line of an access log', () => {
  const row: ApiLogRow = {
    endpoint: '/a?b=c&d',
    method: 'GET',
    status_code: 200,
    response_time_ms: null,
    ip_address: '192.0.2.1',
    created_at: at('2015-05-17T10:05:03Z'),
  };
  const head = `192.0.2.1 - - ${when}`;
  const common = `${head} "GET /a?b=c&d HTTP/1.1" 200 512`;
  const combined = `${common} "http://x.test/" "An agent/1.0"`;

  test.each<[string, string, Partial<ApiLogRow>]>([
    ['in the common format', common, {}],
    ['in the combined format', combined, {}],
    ['with one more field', `${combined} 1234`, {}],
    ['with quotes inside of the agent', `${common} "-" "say "hi" "`, {}],
    ['of a user with spaces', `192.0.2.1 - john doe ${when} "GET /a?b=c&d HTTP/1.0" 200 -`, {}],
    ['of HTTP/0.9', `${head} "GET /a?b=c&d" 200 1`, {}],
    ['of HTTP/2', `${head} "PUT /a?b=c&d HTTP/2.0" 204 0`, { method: 'PUT', status_code: 204 }],
    ['with spaces in the path', `${head} "GET /a b c HTTP/1.1" 200 1`, { endpoint: '/a b c' }],
    [
      'with escapes in the path',
      `${head} "GET /\\"\\\\\\xc3\\xa9\\x00\\t HTTP/1.1" 200 1`,
      { endpoint: '/"\\é\uFFFD\t' },
    ],
    [
      'with a time and quotes in the user, as Apache escapes them',
      `192.0.2.1 - x[01/Jan/2001:00:00:00 +0000]\\"GET ${when} "GET /a?b=c&d HTTP/1.1" 200 1`,
      {},
    ],
    [
      'of an IPv6 client',
      common.replace('192.0.2.1', '2001:db8::1'),
      { ip_address: '2001:db8::1' },
    ],
    [
      'of a link-local client',
      common.replace('192.0.2.1', 'fe80::1%eth0'),
      { ip_address: 'fe80::1' },
    ],
    ['of a host name', common.replace('192.0.2.1', 'crawl-1.x.test'), { ip_address: null }],
    ['of no client', common.replace('192.0.2.1', '-'), { ip_address: null }],
    ['east of UTC', common.replace('+0000', '+0530'), { created_at: at('2015-05-17T04:35:03Z') }],
    ['west of UTC', common.replace('+0000', '-0730'), { created_at: at('2015-05-17T17:35:03Z') }],
    [
      'of a leap day',
      common.replace('17/May/2015', '29/Feb/2016'),
      { created_at: at('2016-02-29T10:05:03Z') },
    ],
  ])('%s is read', (_, text, differences) => {
    expect(access(text)).toEqual({ row: { ...row, ...differences }, cut: false });
  });

  test.each<[string, RegExp]>([
    ['', /not an address/],
    ['nonsense', /there is no \[day/],
    [common.replace('192.0.2.1', '999.0.2.1'), /"999\.0\.2\.1", which is not an address/],
    [common.replace('192.0.2.1', '<script>'), /not an address/],
    [common.replace('[17', '17'), /there is no \[day/],
    [common.replace('17/May', '31/Feb'), /no such time as 31\/Feb\/2015/],
    [common.replace('17/May', '29/Feb'), /no such time/],
    [common.replace('17/May', '17/Mai'), /no such time/],
    [common.replace('10:05:03', '24:00:00'), /no such time/],
    [common.replace('2015', '9999'), /no such time/],
    [common.replace('2015', '0000'), /no such time/],
    [common.replace('+0000', '+9900'), /there is no \[day/],
    [`${head} "GET /a`, /no closing quote/],
    [`${head} "GET / HTTP/1.1"`, /no status/],
    [`${head} "GET / HTTP/1.1" 200`, /no status and size/],
    [`${head} "GET / HTTP/1.1" 99 0`, /the status "99" is not three digits/],
    [`${head} "GET / HTTP/1.1" 0200 0`, /the status "0200"/],
    [`${common} "http://x.test/`, /two quoted texts/],
    [`${common} "-" "An agent`, /two quoted texts/],
    [`${common} something`, /two quoted texts/],
  ])('%s is malformed', (text, why) => {
    expect(access(text)).toEqual({ why: expect.stringMatching(why) });
  });

  test.each<[string, 'us' | 'ms' | 's', number | null]>([
    ['1234567', 'us', 1235],
    ['12', 'ms', 12],
    ['0.056', 's', 56],
    ['"-" 3', 's', 3000],
    ['-', 's', null],
  ])('ends with %s %s as the response time', (field, unit, ms) => {
    expect(access(`${combined} ${field}`, unit)).toMatchObject({ row: { response_time_ms: ms } });
  });

  test.each(['', ' x', ' 1e9', ' -5', ' 99999999999999'])(
    'whose response time is "%s" is malformed',
    (field) => {
      expect(access(combined + field, 'ms')).toEqual({
        why: expect.stringMatching(/response time/),
      });
    },
  );

  test('keeps 255 characters of its path, as PostgreSQL counts them', () => {
    const fits = `/${'𝄞'.repeat(254)}`;
    expect(access(line(fits))).toMatchObject({ row: { endpoint: fits }, cut: false });
    expect(access(line(`${fits}x`))).toMatchObject({
      row: { endpoint: `/${'𝄞'.repeat(253)}…` },
      cut: true,
    });
  });
});

describe('a line of an error log', () => {
  test.each<[ErrorLogFormat, string, object]>([
    [
      'apache',
      '[Sun Dec 04 04:47:44 2005] [error] [client 192.0.2.1] File does not exist: /x',
      {
        error_type: 'apache.error',
        error_message: 'File does not exist: /x',
        context: null,
        ip_address: '192.0.2.1',
        created_at: at('2005-12-04T04:47:44Z'),
      },
    ],
    [
      'apache',
      '[Fri Sep 09 10:42:29.902022 2011] [core:error] [pid 35:tid 43] [client 2001:db8::1:443] AH1: [x] y',
      {
        error_type: 'apache.core.error',
        error_message: 'AH1: [x] y',
        context: '{"pid":"35:tid 43"}',
        ip_address: '2001:db8::1',
        created_at: at('2011-09-09T10:42:29.902Z'),
      },
    ],
    [
      'apache',
      '[Sun Dec 04 04:47:44 2005] [:notice] caught SIGTERM',
      { error_type: 'apache.notice', error_message: 'caught SIGTERM', ip_address: null },
    ],
    [
      'apache',
      '[Sun Dec 04 04:47:44 2005] [error] [client crawl.x.test] no',
      { error_message: 'no', ip_address: null },
    ],
    [
      'syslog',
      'Mar  9 15:16:01 combo sshd(pam_unix)[19939]: authentication failure; user=x',
      {
        error_type: 'syslog.sshd(pam_unix)',
        error_message: 'authentication failure; user=x',
        context: '{"host":"combo","pid":"19939"}',
        ip_address: null,
        created_at: at('2026-03-09T15:16:01Z'),
      },
    ],
    [
      'syslog',
      'Mar 10 12:00:00 combo syslogd 1.4.1: restart.',
      {
        error_type: 'syslog',
        error_message: 'syslogd 1.4.1: restart.',
        created_at: at('2026-03-10T12:00:00Z'),
      },
    ],
    ['syslog', 'Mar 10 12:00:01 h p: a second ahead', { created_at: at('2026-03-10T12:00:01Z') }],
    ['syslog', 'Mar 12 12:00:01 h p: two days ahead', { created_at: at('2025-03-12T12:00:01Z') }],
    ['syslog', 'Dec 31 23:59:59 h p: last year', { created_at: at('2025-12-31T23:59:59Z') }],
    ['syslog', 'Feb 29 01:00:00 h p: leap day', { created_at: at('2024-02-29T01:00:00Z') }],
    [
      'syslog',
      '<34>1 2026-03-09T15:16:01.003+01:00 h.x.test su - ID47 [a@1 b="c\\]d"][e] \uFEFFfailed',
      {
        error_type: 'syslog.su',
        error_message: 'failed',
        context: '{"host":"h.x.test","severity":2}',
        created_at: at('2026-03-09T14:16:01.003Z'),
      },
    ],
    ['syslog', '<34>1 - - - - - -', { error_type: 'syslog', error_message: '', created_at: null }],
    [
      'syslog',
      '2026-03-09T15:16:01.123456+02:00 h cron[5]: x',
      { error_type: 'syslog.cron', created_at: at('2026-03-09T13:16:01.123Z') },
    ],
    [
      'plain',
      '2015-10-18 18:01:47,978 INFO x',
      {
        error_message: '2015-10-18 18:01:47,978 INFO x',
        created_at: at('2015-10-18T18:01:47.978Z'),
      },
    ],
    ['plain', '[2015-10-18T18:01:47-0300] x', { created_at: at('2015-10-18T21:01:47Z') }],
    ['plain', '2015/10/18 18:01:47 [error] 5#0: x', { created_at: at('2015-10-18T18:01:47Z') }],
    [
      'plain',
      '2015-10-18 18:01:47 a NUL \0 and half \uD800 a pair',
      { error_message: '2015-10-18 18:01:47 a NUL \uFFFD and half \uFFFD a pair' },
    ],
  ])('as %s: %s', (format, text, expected) => {
    expect(error(format, text)).toMatchObject({ row: expected });
  });

  test.each<[ErrorLogFormat, string]>([
    ['apache', '[Sun Feb 30 04:47:44 2005] [error] x'],
    ['syslog', 'Feb 30 01:00:00 h p: x'],
    ['syslog', 'Jun 14 25:00:00 h p: x'],
    ['syslog', '2026-03-99T15:16:01Z h p: x'],
    ['plain', '2015-02-31 18:01:47 x'],
  ])('as %s is malformed: %s', (format, text) => {
    expect(error(format, text)).toHaveProperty('why');
  });

  test('without a zone is of the zone that was given', () => {
    const row = { created_at: at('2026-03-10T10:30:00Z') };
    for (const zone of ['+02:00', '+02', '+0200', 'EET', 'Europe/Kyiv']) {
      expect(error('syslog', 'Mar 10 12:30:00 h p: x', zone)).toMatchObject({ row });
      expect(error('plain', '2026-03-10 12:30:00 x', zone)).toMatchObject({ row });
      expect(error('plain', '2026-03-10 10:30:00Z x', zone)).toMatchObject({ row });
    }
  });

  test('has a type of at most 100 characters', () => {
    const parsed = error('syslog', `Mar  9 15:16:01 h ${'p'.repeat(500)}: x`);
    expect(parsed).toMatchObject({ row: { error_type: `syslog.${'p'.repeat(92)}…` } });
  });

  test('of 64 KiB that would make a pattern backtrack is read at once', () => {
    const filler = [
      '[',
      '[a]',
      '\\',
      '"',
      ' "',
      '%',
      ':1',
      '\r',
      '\u2028',
      '<34>1 - - - - - [',
      'a ',
    ];
    const heads = ['', 'Mar 10 12:00:00 h ', '<34>1 - - - - - ', `1.1.1.1 - - ${when} "`, '%'];
    const before = process.cpuUsage();
    for (const head of heads)
      for (const piece of filler)
        for (const end of ['', '\u2028', 'x', '"'])
          for (const { reader } of [...accessLogs.formats, ...errorLogs.formats]) {
            const text = head + piece.repeat(65_000 / piece.length) + end;
            reader(reading(), [text])(text);
          }
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(10_000);
  });
});

describe('importing', () => {
  test('stores the rows and says what it left out, with line numbers', async () => {
    const long = `/${'x'.repeat(300)}`;
    const lines = [
      line('/a'),
      '',
      'nonsense',
      line(long),
      line('/b', '[31/Feb/2015:00:00:00 +0000]'),
    ];
    const result = await imported(lines.join('\n'), accessLog());
    expect(result).toEqual({
      table: 'api_logs',
      format: 'combined',
      time_zone: null,
      time_zone_given: false,
      known: 0,
      joined: 0,
      imported: 2,
      malformed: {
        count: 2,
        lines: [
          { line: 3, why: expect.stringMatching(/there is no \[day/) },
          { line: 5, why: 'there is no such time as 31/Feb/2015:00:00:00 +0000' },
        ],
      },
      cut: 1,
      first: new Date('2015-05-17T10:05:03Z'),
      last: new Date('2015-05-17T10:05:03Z'),
      years_assumed: false,
      ahead_ms: null,
      shifted_ms: null,
    });
    const rows = await database.db
      .selectFrom('api_logs')
      .select(['endpoint', 'method', 'status_code', 'user_id', 'created_at'])
      .orderBy('endpoint')
      .execute();
    const same = { method: 'GET', status_code: 200, user_id: null, created_at: result.first };
    expect(rows).toEqual([
      { ...same, endpoint: '/a' },
      { ...same, endpoint: fitting(long, 255) },
    ]);
  });

  test('lists the first ten malformed lines and counts all', async () => {
    const result = await imported(`${line('/')}\n${'bad\n'.repeat(25)}`, accessLog());
    expect(result.malformed.count).toBe(25);
    expect(result.malformed.lines.map((malformed) => malformed.line)).toEqual([
      2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
    ]);
  });

  test('accepts CRLF, blank lines, a byte order mark and a missing last line break', async () => {
    const text = `\uFEFF${line('/a')}\r\n\r\n  \n\n${line('/b')}\r\r\n${line('/c')}`;
    const result = await imported(text, accessLog());
    expect(result).toMatchObject({ imported: 3, malformed: { count: 0 } });
    const rows = await database.db.selectFrom('api_logs').select('endpoint').execute();
    expect(rows.map((row) => row.endpoint).toSorted()).toEqual(['/a', '/b', '/c']);
  });

  const swapped = (text: string) => Buffer.from(text, 'utf16le').swap16();
  const two = `${line('/a')}\n${line('/é')}`;

  test.each<[string, string | Buffer]>([
    ['UTF-8 with a byte order mark', `\uFEFF${two}`],
    ['UTF-16', Buffer.from(`\uFEFF${two}`, 'utf16le')],
    ['UTF-16, big end first', swapped(`\uFEFF${two}`)],
    ['UTF-16 without a mark', Buffer.from(two, 'utf16le')],
    ['lines that end with \\r', two.replaceAll('\n', '\r')],
    ['gzip', gzipSync(two)],
    ['gzip in two parts', Buffer.concat([gzipSync(`${line('/a')}\n`), gzipSync(line('/é'))])],
    ['zstd', zstdCompressSync(two)],
    ['gzip of zstd of UTF-16', gzipSync(zstdCompressSync(Buffer.from(`\uFEFF${two}`, 'utf16le')))],
    [
      'a file that was emptied while it was written to',
      Buffer.concat([Buffer.alloc(300_000), Buffer.from(two)]),
    ],
  ])('takes %s, whatever the name says', async (_, content) => {
    for (const name of ['some.log', 'some.log.gz', 'some.log.zst']) {
      await sql`TRUNCATE api_logs, engine.imports`.execute(database.db);
      const result = await imported(content, accessLog(), {}, name);
      expect(result).toMatchObject({ imported: 2, malformed: { count: 0 } });
      const rows = await database.db.selectFrom('api_logs').select('endpoint').execute();
      expect(rows.map((row) => row.endpoint).toSorted()).toEqual(['/a', '/é']);
    }
  });

  test.each<[string, number[], RegExp]>([
    ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0], /xz -dc FILE/],
    ['bzip2', [...Buffer.from('BZh9'), 0x31, 0x41, 0x59, 0x26, 0x53, 0x59], /bzip2 -dc FILE/],
    ['zip', [0x50, 0x4b, 3, 4, 20, 0], /unzip -p FILE/],
  ])('refuses %s with the program that unpacks it', async (name, content, hint) => {
    await expect(imported(Buffer.from(content), accessLog())).rejects.toMatchObject({
      name: 'UnreadableLogError',
      why: expect.stringContaining(`compressed (${name})`),
      hint: expect.stringMatching(hint),
    });
  });

  test.each(['plain', 'packed'])('refuses an archive of files, %s', async (kind) => {
    const archive = Buffer.alloc(2_048);
    archive.write('access.log');
    archive.write('ustar\u000000', 257);
    archive.write('192.0.2.1 - - [27/Nov/2026:10:00:00 +0000] "GET /a HTTP/1.1" 200 1\n', 512);
    const content = kind === 'packed' ? gzipSync(archive) : archive;
    await expect(imported(content, accessLog())).rejects.toMatchObject({
      name: 'UnreadableLogError',
      why: expect.stringContaining('an archive of files (tar'),
      hint: expect.stringContaining('tar -xOf FILE'),
    });
  });

  test('joins what has no time to the line before: a message, then a stack trace', async () => {
    const text = [
      '2026-03-10 12:00:00,123 ERROR boom',
      'java.lang.IllegalStateException: no',
      '\tat com.example.Web.get(Web.java:3)',
      'Caused by: x',
      '2026-03-10 12:00:01,000 INFO next',
    ].join('\n');
    const result = await imported(text, errorLog());
    expect(result).toMatchObject({
      format: 'plain',
      imported: 2,
      joined: 3,
      malformed: { count: 0 },
    });
    const rows = await database.db
      .selectFrom('error_logs')
      .select(['error_message', 'stack_trace', 'created_at'])
      .orderBy('created_at')
      .execute();
    expect(rows).toEqual([
      {
        error_message: '2026-03-10 12:00:00,123 ERROR boom\njava.lang.IllegalStateException: no',
        stack_trace: '\tat com.example.Web.get(Web.java:3)\nCaused by: x',
        created_at: new Date('2026-03-10T12:00:00.123Z'),
      },
      expect.objectContaining({ stack_trace: null }),
    ]);
  });

  test('ends a message at 64 KiB, and says how many lines it left out', async () => {
    const text = `2026-03-10 12:00:00 x\n${`at ${'y'.repeat(1_000)}\n`.repeat(100)}`;
    const result = await imported(text, errorLog());
    expect(result).toMatchObject({ imported: 1, joined: 100, cut: 35 });
  });

  test('of lines without any time asks for --time now, and then imports each of them', async () => {
    const text = 'boom\n  at x\nbang\n';
    await expect(imported(text, errorLog())).rejects.toMatchObject({
      name: 'UnknownLogError',
      why: expect.stringContaining('the first 3 lines'),
      hint: expect.stringContaining('--time now'),
    });
    const result = await imported(text, errorLog(), { untimed: true });
    expect(result).toMatchObject({ format: 'plain', imported: 2, joined: 1, time_zone: null });
    expect(Date.now() - result.first!.getTime()).toBeLessThan(60_000);
  });

  test('says which zone was taken for times that name none', async () => {
    const zone = { name: 'Europe/Berlin', zone: zoneOf('Europe/Berlin')! };
    const plain = '2026-07-10 12:00:00 x';
    expect(await imported(plain, errorLog())).toMatchObject({
      time_zone: 'UTC',
      time_zone_given: false,
      first: new Date('2026-07-10T12:00:00Z'),
    });
    expect(await imported(plain, { ...errorLog(), zone }, { again: true })).toMatchObject({
      time_zone: 'Europe/Berlin',
      time_zone_given: true,
      first: new Date('2026-07-10T10:00:00Z'),
    });
    expect(await imported('2026-07-10T12:00:00Z x', errorLog())).toMatchObject({ time_zone: null });
  });

  test('the same text a second time is refused, whatever it is called and packed in', async () => {
    await imported(two, accessLog(), { by: 'ann' }, 'first.log');
    for (const [content, name] of [
      [two, 'first.log'],
      [gzipSync(two), 'second.log'],
      [Buffer.from(`\uFEFF${two}`, 'utf16le'), 'third.log'],
      [`${two}\n\n`, 'third.log'],
    ] as const)
      await expect(imported(content, accessLog(), {}, name)).rejects.toMatchObject({
        name: 'ImportedBeforeError',
        why: expect.stringMatching(/imported into api_logs at .* UTC, from .*first\.log: 2 rows/),
        hint: expect.stringContaining('--again'),
      });
    expect(await count('api_logs')).toBe(2);
    expect((await imported(two, accessLog(), { again: true })).imported).toBe(2);
    expect((await imported(`${two}\n`, accessLog(), { again: true })).imported).toBe(2);
    expect(await count('api_logs')).toBe(6);
  });

  test('another text, or the same one into the other table, is imported', async () => {
    await imported(two, accessLog());
    expect((await imported(line('/b'), accessLog())).imported).toBe(1);
    const text = '2026-07-10T12:00:00Z x';
    await imported(text, errorLog());
    await expect(imported(text, errorLog('plain'))).rejects.toMatchObject({
      name: 'ImportedBeforeError',
    });
  });

  test('of one text by two processes at once is done by one of them', async () => {
    const many = Array.from({ length: 5_000 }, (_, n) => line(`/${n}`)).join('\n');
    const done = await Promise.allSettled([
      imported(many, accessLog(), {}, 'one.log'),
      imported(many, accessLog(), {}, 'two.log'),
    ]);
    expect(done.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(await count('api_logs')).toBe(5_000);
  });

  test('that failed is not remembered', async () => {
    await expect(imported('one\n', errorLog('syslog'))).rejects.toThrow();
    await expect(imported('one\n', errorLog('syslog'))).rejects.toMatchObject({
      name: 'ImportError',
    });
    expect((await imported('\n', errorLog())).imported).toBe(0);
    expect((await imported('\n', errorLog())).imported).toBe(0);
  });

  test('stores hostile text as text', async () => {
    const hostile = ['\\.', '\\N', 'a\tb', "'; DROP TABLE bots; --", '\\x00', '\u001B[2J', 'é𝄞'];
    const broken = Buffer.from([0x61, 0xff, 0x00, 0xc3, 0x0a, 0x62]);
    const content = Buffer.concat([Buffer.from(`${hostile.join('\n')}\n`), broken]);
    const result = await imported(content, errorLog('plain'), { untimed: true });
    expect(result.imported).toBe(hostile.length + 2);
    const rows = await database.db
      .selectFrom('error_logs')
      .select('error_message')
      .orderBy(sql`ctid`)
      .execute();
    expect(rows.map((row) => row.error_message)).toEqual([...hostile, 'a\uFFFD\uFFFD\uFFFD', 'b']);
    expect(await count('error_logs')).toBe(result.imported);
  });

  test('leaves out a line over 64 KiB and reads the lines after it', async () => {
    const huge = 'x'.repeat(65_537);
    const text = [line('/a'), huge, line('/b'), 'y'.repeat(3_000_000), line('/c')].join('\n');
    const result = await imported(text, accessLog());
    expect(result.imported).toBe(3);
    const why = 'it is longer than 64 KiB';
    expect(result.malformed).toEqual({
      count: 2,
      lines: [
        { line: 2, why },
        { line: 4, why },
      ],
    });
  });

  test('imports a line of exactly 64 KiB, wherever the reads divide it', async () => {
    const full = 'x'.repeat(65_536);
    const text = Array.from({ length: 9 }, (_, n) => `${n}\n${full}\n`).join('');
    const result = await imported(text, errorLog('plain'), { untimed: true });
    expect(result).toMatchObject({ imported: 18, malformed: { count: 0 } });
  });

  test('does not hold a line that never ends in memory', async () => {
    const megabyte = 'x'.repeat(1 << 20);
    const child = runner('access-log', '-', '--json');
    const output = text(child.stdout);
    for (let written = 0; written < 400; written++)
      if (!child.stdin.write(megabyte)) await once(child.stdin, 'drain');
    const status = await text(spawn('cat', [`/proc/${child.pid}/status`]).stdout);
    child.stdin.end(`\n${line('/a')}\n`);
    expect(JSON.parse(await output)).toMatchObject({ imported: 1, malformed: { count: 1 } });
    if (process.platform !== 'linux') return;
    const peakKib = Number(/VmHWM:\s+(\d+)/.exec(status)![1]);
    expect(peakKib).toBeLessThan(300 * 1024);
  });

  test('of malformed lines only is an error that says why and what to try', async () => {
    await expect(imported('one\n\n\ntwo\n', errorLog('syslog'))).rejects.toMatchObject({
      why: expect.stringContaining('none of its 4 lines could be read'),
    });
    await expect(imported('one\ntwo\n', errorLog('syslog'))).rejects.toMatchObject({
      name: 'ImportError',
      why: expect.stringMatching(
        /none of its 2 lines could be read as syslog; line 1: it has no time/,
      ),
      hint: expect.stringMatching(/--time now .*; the other formats are apache, nginx, .*plain/),
    });
    expect(await count('error_logs')).toBe(0);
  });

  test('of a damaged archive leaves nothing', async () => {
    const whole = gzipSync(`${line('/a')}\n`.repeat(200_000));
    const cut = whole.subarray(0, whole.length - 20);
    await expect(imported(cut, accessLog(), {}, 'cut.gz')).rejects.toMatchObject({
      name: 'UnreadableLogError',
      hint: expect.stringMatching(/damaged or cut short/),
    });
    expect(await count('api_logs')).toBe(0);
  });

  test('of rows that the database refuses leaves nothing and says so', async () => {
    await sql`ALTER TABLE api_logs ADD CONSTRAINT no_z CHECK (endpoint <> '/z')`.execute(
      database.db,
    );
    const text = `${line('/a')}\n`.repeat(50_000) + line('/z');
    for (const shiftToNow of [false, true])
      await expect(imported(text, accessLog(), { shiftToNow })).rejects.toMatchObject({
        name: 'ImportError',
        why: expect.stringMatching(/no_z/),
        hint: expect.stringMatching(/no row of it was kept/),
      });
    await sql`ALTER TABLE api_logs DROP CONSTRAINT no_z`.execute(database.db);
    expect(await count('api_logs')).toBe(0);
  });

  test('reports bytes and lines as they come', async () => {
    const seen: [number, number][] = [];
    const text = `${line('/a')}\n`.repeat(20_000);
    const onProgress = (bytes: number, lines: number) => void seen.push([bytes, lines]);
    await imported(text, accessLog(), { onProgress });
    expect(seen.length).toBeGreaterThan(2);
    expect(seen.at(-1)).toEqual([text.length, 20_000]);
  });

  test('reads back any rows that a server wrote', async () => {
    const method = fc.constantFrom('GET', 'HEAD', 'POST', 'PROPPATCH', 'M-SEARCH');
    const second = fc.integer({ min: at('1971-01-01') / 1000, max: at('2198-12-31') / 1000 });
    const unit = fc.oneof(
      fc.constantFrom('"', '\\', ' ', '\t', '\n', '\0', 'x', '?'),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    );
    const served = fc.record({
      ip: fc.oneof(fc.ipV4(), fc.ipV6()),
      method,
      path: fc
        .string({ unit, minLength: 1, maxLength: 300 })
        .map((text) => text.replaceAll(/^ +| +$/g, '') || '/'),
      status: fc.integer({ min: 100, max: 599 }),
      seconds: second,
      offsetMinutes: fc.integer({ min: -14 * 60, max: 14 * 60 }),
      combined: fc.boolean(),
    });
    const check = fc.asyncProperty(fc.array(served, { minLength: 1 }), async (requests) => {
      await sql`TRUNCATE api_logs`.execute(database.db);
      await imported(requests.map(written).join('\n'), accessLog());
      const { rows } = await sql`
        SELECT endpoint, method, status_code, ip_address::text AS ip, created_at
          FROM api_logs ORDER BY ctid`.execute(database.db);
      const addresses = sql.val(requests.map((request) => request.ip));
      const { rows: ips } = await sql<{ ip: string }>`
        SELECT unnest(${addresses}::inet[])::text AS ip`.execute(database.db);
      expect(rows).toEqual(
        requests.map((request, index) => ({
          endpoint: fitting(request.path, 255),
          method: request.method,
          status_code: request.status,
          ip: ips[index]!.ip,
          created_at: new Date(request.seconds * 1000),
        })),
      );
    });
    await fc.assert(check, { numRuns: 60 });
  });
});

interface Served {
  ip: string;
  method: string;
  path: string;
  status: number;
  seconds: number;
  offsetMinutes: number;
  combined: boolean;
}

/** A line as Apache writes it. */
function written({ ip, method, path, status, seconds, offsetMinutes, combined }: Served): string {
  const two = (value: number) => String(Math.trunc(value)).padStart(2, '0');
  const wall = new Date((seconds + offsetMinutes * 60) * 1000);
  const month = wall.toLocaleString('en', { month: 'short', timeZone: 'UTC' });
  const minutes = Math.abs(offsetMinutes);
  const zone = `${offsetMinutes < 0 ? '-' : '+'}${two(minutes / 60)}${two(minutes % 60)}`;
  const date = `${two(wall.getUTCDate())}/${month}/${wall.getUTCFullYear()}`;
  const escaped = path.replaceAll(/["\\]|\p{Cc}/gu, (character) =>
    character === '"' || character === '\\'
      ? `\\${character}`
      : [...Buffer.from(character)]
          .map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`)
          .join(''),
  );
  const end = combined ? ' "-" "agent"' : '';
  return `${ip} - - [${date}:${wall.toISOString().slice(11, 19)} ${zone}] "${method} ${escaped} HTTP/1.1" ${status} 1${end}`;
}

describe('--shift-to-now', () => {
  const times = async (table: 'api_logs' | 'error_logs') => {
    const { rows } = await sql<{ created_at: Date; age: number }>`
      SELECT created_at, extract(epoch FROM engine.now() - created_at)::float8 AS age
        FROM ${sql.table(table)} ORDER BY created_at`.execute(database.db);
    return rows;
  };

  test('makes the newest row now and keeps the distances', async () => {
    const seconds = ['10:05:03', '12:05:03', '11:05:04'];
    const text = seconds.map((second) => line('/a', `[17/May/2015:${second} +0000]`)).join('\n');
    const result = await imported(text, accessLog(), { shiftToNow: true });
    const rows = await times('api_logs');
    expect(rows.at(-1)!.age).toBeGreaterThanOrEqual(0);
    expect(rows.at(-1)!.age).toBeLessThan(1);
    const distances = rows.map(
      (row) => rows.at(-1)!.created_at.getTime() - row.created_at.getTime(),
    );
    expect(distances).toEqual([7_200_000, 3_599_000, 0]);
    expect(result).toMatchObject({ first: rows[0]!.created_at, last: rows.at(-1)!.created_at });
    expect(result.shifted_ms).toBe(result.last!.getTime() - at('2015-05-17T12:05:03Z'));
  });

  test('moves lines of the future back', async () => {
    const text = line('/a', '[17/May/2150:10:05:03 +0000]');
    const result = await imported(text, accessLog(), { shiftToNow: true });
    expect(result.shifted_ms).toBeLessThan(0);
    expect((await times('api_logs'))[0]!.age).toBeLessThan(1);
  });

  test('does not move rows that were there before, and joins a line without a time', async () => {
    await imported('2015-01-01 00:00:00 before', errorLog('plain'));
    const text = '2015-05-17 10:00:00 a\nno time\n2015-05-17 10:00:10 b';
    await imported(text, errorLog('plain'), { shiftToNow: true });
    const [before, a, b, ...rest] = await times('error_logs');
    expect(before!.created_at).toEqual(new Date('2015-01-01T00:00:00Z'));
    expect(a!.age).toBeGreaterThanOrEqual(10);
    expect(a!.age).toBeLessThan(11);
    expect(b!.age).toBeLessThan(1);
    expect(rest).toEqual([]);
  });
});

/** Runs `roundsman import ...` as a process. */
function runner(...parameters: string[]) {
  const source = (path: string) =>
    JSON.stringify(new URL(`../../src/${path}`, import.meta.url).href);
  const code = `
    import { importCommand } from ${source('cli/import/index.ts')};
    import { printError } from ${source('cli/terminal/print.ts')};
    await importCommand().parseAsync(process.argv.slice(1), { from: 'user' })
      .catch((error) => { process.exitCode = printError(error); });`;
  const options = ['--input-type=module', '-e', code, '--', ...parameters];
  return spawn(process.execPath, options, { env: { ...process.env, DATABASE_URL: database.url } });
}

async function run(input: string | null, ...parameters: string[]) {
  const child = runner(...parameters);
  const said = Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  child.stdin.end(input ?? '');
  const [stdout, stderr, [exitCode]] = await said;
  return { stdout, stderr, exitCode };
}

describe('the command', () => {
  test('prints one JSON document', async () => {
    const { stdout, exitCode } = await run(`${line('/a')}\nbad\n`, 'access-log', '-', '--json');
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      table: 'api_logs',
      format: 'combined',
      time_zone: null,
      time_zone_given: false,
      known: 0,
      joined: 0,
      imported: 1,
      malformed: { count: 1, lines: [{ line: 2, why: expect.any(String) }] },
      cut: 0,
      first: '2015-05-17T10:05:03.000Z',
      last: '2015-05-17T10:05:03.000Z',
      years_assumed: false,
      ahead_ms: null,
      shifted_ms: null,
    });
  });

  test('says in words what it did, without control characters for the terminal', async () => {
    const { stdout, exitCode } = await run(`${line('/a')}\n\u001B[2Jbad x\n`, 'access-log', '-');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/imported +1 into api_logs/);
    expect(stdout).toMatch(/malformed +1, left out/);
    expect(stdout).toMatch(/line 2: it begins with "\uFFFD\[2Jbad", which is not an address/);
  });

  test('says which format and zone were taken', async () => {
    const text = '[Sun Dec 04 04:47:44 2005] [error] x\n';
    const first = await run(text, 'error-log', '-', '--utc-offset', '+02:00');
    expect(first.stdout).toMatch(/read as +apache/);
    expect(first.stdout).toMatch(/zone +\+02:00, for times that name none/);
    const second = await run(text, 'error-log', '-');
    expect(second).toMatchObject({ stdout: '', exitCode: 1 });
    expect(second.stderr).toMatch(/imported into error_logs at .* from standard input: 1 row/);
    const again = await run(text, 'error-log', '-', '--again');
    expect(again.stdout).toMatch(/zone +UTC is assumed: .*--time-zone/);
  });

  test('refuses a log of the other kind with the command that reads it, and --format decides', async () => {
    const refused = await run(`${line('/a')}\n${line('/b')}\n`, 'error-log', '-');
    expect(refused).toMatchObject({ stdout: '', exitCode: 1 });
    expect(refused.stderr).toMatch(/roundsman import access-log/);
    expect(await count('error_logs')).toBe(0);
    const given = await run(`${line('/a')}\n`, 'error-log', '-', '--format', 'plain');
    expect(given.stdout).toMatch(/imported +1 into error_logs/);
    const docker = '{"log":"x\\n","stream":"stderr","time":"2026-03-10T12:00:00.1Z"}\n';
    expect((await run(docker, 'access-log', '-')).stderr).toMatch(/roundsman import error-log/);
    const caddy = await run(docker, 'access-log', '-', '--format', 'caddy');
    expect(caddy.stderr).toMatch(/a line of caddy looks like .*http\.log\.access/s);
    expect(caddy.stderr).not.toMatch(/17\/May\/2015/);
  });

  test('says that a log is empty', async () => {
    const { stdout, exitCode } = await run('\n\n', 'error-log', '-');
    expect(stdout).toMatch(/Nothing to import/);
    expect(exitCode).toBe(0);
  });

  test.each<[string, () => string[], number, RegExp]>([
    ['a missing file', () => ['access-log', join(scratch, 'none')], 3, /there is no file/],
    ['a directory', () => ['access-log', scratch], 1, /is a directory/],
    ['another log', () => ['access-log', '-'], 1, /line 1: .*error-log/s],
    ['a device', () => ['access-log', '/dev/zero'], 1, /\/dev\/zero is a device/],
    ['an unknown format', () => ['error-log', '-', '--format', 'ngnix'], 2, /did you mean nginx/],
    ['an unknown zone', () => ['error-log', '-', '--time-zone', 'IST'], 2, /IANA name/],
    [
      'two zones',
      () => ['error-log', '-', '--time-zone', 'UTC', '--utc-offset', '+02:00'],
      1,
      /cannot be used/,
    ],
    ['a log without times', () => ['error-log', '-', '--time-zone', '+01:00'], 1, /--time now/],
  ])('explains %s', async (_, parameters, code, words) => {
    const { stdout, stderr, exitCode } = await run('Jun 14 no access log', ...parameters());
    expect(stdout).toBe('');
    expect(stderr).toMatch(words);
    expect(exitCode).toBe(code);
  });

  /** A child in the middle of a COPY into which it has already sent rows. */
  async function inTheMiddle(...parameters: string[]) {
    const child = runner('access-log', '-', ...parameters);
    const stderr = text(child.stderr);
    child.stdin.on('error', () => {});
    child.stdin.write(`${line('/a')}\n`.repeat(50_000));
    await expect.poll(() => copied(), { timeout: 20_000, interval: 20 }).toBeGreaterThan(10_000);
    return { child, stderr };
  }

  async function copied(): Promise<number> {
    const { rows } = await sql<{ n: number }>`
      SELECT coalesce(sum(tuples_processed), 0)::int AS n FROM pg_stat_progress_copy
       WHERE datname = current_database()`.execute(database.db);
    return rows[0]!.n;
  }

  const backends = async () => {
    const { rows } = await sql<{ pid: number }>`
      SELECT pid FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'roundsman import'`.execute(
      database.db,
    );
    return rows.map((row) => row.pid);
  };

  test.each(['SIGKILL', 'SIGINT'] as const)('stopped by %s leaves no row', async (signal) => {
    for (const parameters of [[], ['--shift-to-now']]) {
      const { child } = await inTheMiddle(...parameters);
      child.kill(signal);
      await once(child, 'close');
      await expect.poll(backends, { timeout: 10_000 }).toEqual([]);
      expect(await count('api_logs')).toBe(0);
    }
  });

  test('that loses its connection while its input pauses ends and leaves no row', async () => {
    const { child, stderr } = await inTheMiddle();
    const ended = once(child, 'close');
    for (const pid of await backends())
      await sql`SELECT pg_terminate_backend(${pid})`.execute(database.db);
    expect(await ended).toEqual([1, null]);
    expect(await stderr).toMatch(/no row of it was kept/);
    expect(await count('api_logs')).toBe(0);
  });

  test('that keeps its connection during the same pause imports everything', async () => {
    const { child } = await inTheMiddle('--json');
    await sleep(200);
    expect(await count('api_logs')).toBe(0);
    child.stdin.end(line('/b'));
    expect(JSON.parse(await text(child.stdout))).toMatchObject({ imported: 50_001 });
    expect(await count('api_logs')).toBe(50_001);
  });
});
