/** The order of a log's lines tells the year of dates without one, and which of two equal hours of a clock is meant. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { errorLogs } from '../../src/importers/errors/formats.ts';
import { importLog, type ImportOptions } from '../../src/importers/import.ts';
import { openLog } from '../../src/importers/log-file.ts';
import { zoneOf } from '../../src/importers/reading/zone.ts';
import { pool } from '../../src/database/connect.ts';
import { stillClock } from '../support/clocks.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
let connections: pg.Pool;
let scratch: string;
let setClock: (time: string) => Promise<void>;

beforeAll(async () => {
  database = await testDatabase();
  connections = pool(database.url, { statementTimeoutMs: 0 });
  scratch = mkdtempSync(join(tmpdir(), 'roundsman-order-'));
  setClock = await stillClock(database.db, '2026-11-29T11:00:00Z');
});
afterAll(async () => {
  await connections.end();
  rmSync(scratch, { recursive: true });
});
beforeEach(async () => {
  await setClock('2026-11-29T11:00:00Z');
  await sql`TRUNCATE error_logs, engine.imports`.execute(database.db);
});

/** Imports lines, and returns their times in the order of the lines, to the minute. */
async function timesOf(lines: readonly string[], zone?: string, options: ImportOptions = {}) {
  const file = join(scratch, 'some.log');
  writeFileSync(file, lines.join('\n'));
  const log = await openLog(file);
  const settings = {
    log: errorLogs,
    format: null,
    zone: zone === undefined ? null : { name: zone, zone: zoneOf(zone)! },
  };
  const result = await importLog(connections, log, settings, options);
  await log.close();
  const { rows } = await sql<{ at: Date }>`
    SELECT created_at AS at FROM error_logs
     ORDER BY coalesce(substring(error_message FROM 'line ([0-9]+)'), '0')::int`.execute(
    database.db,
  );
  const times = rows.map(({ at }) => at.toISOString().slice(0, 16));
  expect(result.first!.toISOString().slice(0, 16)).toBe(times.toSorted()[0]);
  expect(result.last!.toISOString().slice(0, 16)).toBe(times.toSorted().at(-1));
  return { times, result };
}

const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');
/** Programs that write no year, and their form of a date (`month` from 0). */
const yearless: [string, (at: Date, n: number) => string][] = [
  [
    'syslog',
    (at, n) =>
      `${months[at.getUTCMonth()]} ${String(at.getUTCDate()).padStart(2)} ${clock(at)} h p[7]: line ${n}`,
  ],
  [
    'klog',
    (at, n) =>
      `E${two(at.getUTCMonth() + 1)}${two(at.getUTCDate())} ${clock(at)}.123456    7 a.go:9] line ${n}`,
  ],
  [
    'plain',
    (at, n) =>
      `${two(at.getUTCMonth() + 1)}-${two(at.getUTCDate())} ${clock(at)}.123  7  9 D a: line ${n}`,
  ],
  [
    'plain',
    (at, n) =>
      `[${two(at.getUTCMonth() + 1)}.${two(at.getUTCDate())} ${clock(at)}] a.exe line ${n}`,
  ],
  [
    'plain',
    (at, n) => `web1 ${months[at.getUTCMonth()]} ${at.getUTCDate()} ${clock(at)} line ${n}`,
  ],
  [
    'json',
    (at, n) =>
      `{"time":"${months[at.getUTCMonth()]} ${at.getUTCDate()} ${clock(at)}","level":"error","msg":"line ${n}"}`,
  ],
  [
    'logfmt',
    (at, n) =>
      `time="${months[at.getUTCMonth()]} ${at.getUTCDate()} ${clock(at)}" level=error msg="line ${n}"`,
  ],
];
const two = (value: number) => String(value).padStart(2, '0');
const clock = (at: Date) => at.toISOString().slice(11, 19);

describe.each(yearless)('dates without a year: %s', (format, written) => {
  /** Lines written at these times are read as these times. */
  async function expectKept(times: readonly string[], expected = times, zone?: string) {
    const lines = times.map((time, n) => written(new Date(`${time}Z`), n));
    const { times: found, result } = await timesOf(lines, zone);
    expect(result.format).toBe(format);
    expect(found).toEqual(expected.map((time) => time.slice(0, 16)));
    return result;
  }

  test('seconds, minutes and hours ahead of the clock are of this year', async () => {
    const result = await expectKept([
      '2026-11-29T08:00',
      '2026-11-29T10:00',
      '2026-11-29T11:00:03',
      '2026-11-29T11:30',
      '2026-11-29T11:50',
      '2026-11-30T01:00',
    ]);
    expect(result).toMatchObject({ years_assumed: true, ahead_ms: expect.any(Number) });
    expect(result.ahead_ms! / 3_600_000).toBeCloseTo(14, 0);
  });

  test('a line that is ahead is of this year also alone, and two days ahead is last year', async () => {
    await expectKept(['2026-11-29T11:00:03']);
    await sql`TRUNCATE error_logs, engine.imports`.execute(database.db);
    await expectKept(['2025-12-01T12:00']);
  });

  test('follow each other at the turn of a year', async () => {
    await setClock('2026-01-01T00:10:00Z');
    await expectKept([
      '2025-12-31T23:00',
      '2025-12-31T23:59:59',
      '2026-01-01T00:00',
      '2026-01-01T00:09',
      '2026-01-01T00:11',
      '2026-01-01T01:05',
    ]);
  });

  test('keep the order of the lines across the end of a year', async () => {
    await expectKept([
      '2025-07-03T12:00',
      '2025-12-31T23:00',
      '2026-01-01T01:00',
      '2026-11-01T12:00',
    ]);
  });

  test('with the newest line first keep their order, too', async () => {
    await expectKept([
      '2026-01-02T12:00',
      '2026-01-01T01:00',
      '2025-12-31T23:00',
      '2025-12-20T12:00',
    ]);
  });

  test('of rotated files that were joined, newest first, are not changed', async () => {
    await expectKept([
      '2026-11-20T12:00',
      '2026-11-28T12:00',
      '2026-11-08T12:00',
      '2026-11-19T12:00',
      '2026-10-28T12:00',
      '2026-11-07T12:00',
    ]);
  });

  test('are right although a clock was reset', async () => {
    const days = Array.from({ length: 20 }, (_, n) => `2026-08-${two(n + 1)}T12:00`);
    const boot = ['2026-01-01T00:00', '2026-01-01T00:01'];
    const after = Array.from({ length: 9 }, (_, n) => `2026-08-${two(n + 21)}T12:00`);
    await setClock('2026-08-29T13:00:00Z');
    await expectKept([...days, ...boot, ...after]);
    await sql`TRUNCATE error_logs, engine.imports`.execute(database.db);
    await expectKept([...days, ...boot]);
  });

  test('of an old log that would reach into the future are all in the year before', async () => {
    await setClock('2026-07-01T12:00:00Z');
    const daily = Array.from({ length: 400 }, (_, n) =>
      new Date(Date.UTC(2025, 5, 14, 3 * n)).toISOString().slice(0, 16),
    );
    const result = await expectKept(daily);
    expect(result.last!.getUTCFullYear()).toBe(2025);
  });

  test('with a 29 February are in a year that has one', async () => {
    await expectKept(['2024-02-29T12:00']);
  });
});

test('shifted to now, an old log is moved as a whole, and its zone keeps its hours', async () => {
  await setClock('2026-07-01T12:00:00Z');
  const lines = [
    'Mar 20 12:00:00',
    'Apr 20 12:00:00',
    'May 30 12:00:00',
    'Jun 30 12:00:00',
    'Jul 30 12:00:00',
    'Aug 10 12:00:00',
  ].map((time, n) => `${time} h p: line ${n}`);
  const { times } = await timesOf(lines, 'Europe/Berlin');
  expect(times).toEqual([
    '2025-03-20T11:00',
    '2025-04-20T10:00',
    '2025-05-30T10:00',
    '2025-06-30T10:00',
    '2025-07-30T10:00',
    '2025-08-10T10:00',
  ]);
  for (const zone of ['+02:00', '-0730', 'CET']) {
    await sql`TRUNCATE error_logs, engine.imports`.execute(database.db);
    const {
      times: [first],
    } = await timesOf(lines, zone);
    expect(new Date(`${first}Z`).getTime()).toBe(zoneOf(zone)!(Date.parse('2025-03-20T12:00Z')));
  }
  await sql`TRUNCATE error_logs, engine.imports`.execute(database.db);
  const shifted = await timesOf(lines, undefined, { shiftToNow: true });
  expect(shifted.times.at(-1)).toBe('2026-07-01T12:00');
  expect(shifted.times[0]).toBe('2026-02-08T12:00');
});

test('rows that were there before stay as they are when a log is moved', async () => {
  await sql`INSERT INTO error_logs (error_type, error_message, created_at) VALUES ('x', 'line 99', '2027-03-01T00:00:00Z')`.execute(
    database.db,
  );
  await setClock('2026-07-01T12:00:00Z');
  await expect(
    timesOf(['Jun 20 12:00:00 h p: line 0', 'Jul 20 12:00:00 h p: line 1']),
  ).rejects.toThrow();
  const { rows } = await sql<{
    at: Date;
  }>`SELECT created_at AS at FROM error_logs ORDER BY 1`.execute(database.db);
  expect(rows.map(({ at }) => at.toISOString().slice(0, 10))).toEqual([
    '2025-06-20',
    '2025-07-20',
    '2027-03-01',
  ]);
});

test('times with a year are taken as they are, however far ahead', async () => {
  const { times, result } = await timesOf([
    '2026-11-29 10:00:00 line 0',
    '2027-12-24 10:00:00 line 1',
  ]);
  expect(times).toEqual(['2026-11-29T10:00', '2027-12-24T10:00']);
  expect(result).toMatchObject({ years_assumed: false, ahead_ms: expect.any(Number) });
});

describe('hours that a clock shows twice', () => {
  const day = '2026-10-25';
  const formats: [string, (time: string, n: number) => string][] = [
    ['plain', (time, n) => `${day} ${time} line ${n}`],
    ['nginx', (time, n) => `${day.replaceAll('-', '/')} ${time} [error] 1#1: line ${n}`],
    ['syslog', (time, n) => `Oct 25 ${time} h p: line ${n}`],
    ['klog', (time, n) => `E1025 ${time}.123456    7 a.go:9] line ${n}`],
    ['apache', (time, n) => `[Sun Oct 25 ${time} 2026] [error] line ${n}`],
    ['json', (time, n) => `{"time":"${day} ${time}","level":"error","msg":"line ${n}"}`],
    ['ruby', (time, n) => `E, [${day}T${time}.123456 #7] ERROR -- : line ${n}`],
  ];
  const wall = [
    '01:59:00',
    '02:00:00',
    '02:30:00',
    '02:29:59',
    '02:59:59',
    '02:00:01',
    '02:30:00',
    '02:59:59',
    '03:00:00',
  ];
  const instants = [
    '23:59',
    '00:00',
    '00:30',
    '00:29',
    '00:59',
    '01:00',
    '01:30',
    '01:59',
    '02:00',
  ];

  test.each(formats)(
    'are the second ones from where the log goes back: %s',
    async (format, written) => {
      const { times, result } = await timesOf(wall.map(written), 'Europe/Berlin');
      expect(result.format).toBe(format);
      expect(times.map((time) => time.slice(11))).toEqual(instants);
    },
  );

  test.each(formats)('with the newest line first, too: %s', async (_, written) => {
    const lines = [...wall.map(written), written('03:30:00', wall.length)].toReversed();
    const { times } = await timesOf(lines, 'Europe/Berlin');
    expect(times.map((time) => time.slice(11))).toEqual([...instants, '02:30']);
  });

  test('of PHP, which names the zone in each line', async () => {
    const { times } = await timesOf(
      wall.map((time, n) => `[25-Oct-2026 ${time} Europe/Berlin] PHP Warning:  line ${n}`),
    );
    expect(times.map((time) => time.slice(11))).toEqual(instants);
  });

  test('of half an hour, and of a day', async () => {
    const lines = ['01:20:00', '01:40:00', '01:59:00', '01:31:00', '01:50:00', '02:10:00'].map(
      (time, n) => `2026-04-05 ${time} line ${n}`,
    );
    expect(
      (await timesOf(lines, 'Australia/Lord_Howe')).times.map((time) => time.slice(11)),
    ).toEqual(['14:20', '14:40', '14:59', '15:01', '15:20', '15:40']);
  });

  test('are the first ones if nothing tells, for each log separately', async () => {
    for (let pass = 0; pass < 2; pass++) {
      await sql`TRUNCATE error_logs, engine.imports`.execute(database.db);
      const { times } = await timesOf(
        [`${day} 02:10:00 line 0`, `${day} 02:40:00 line 1`],
        'Europe/Berlin',
      );
      expect(times.map((time) => time.slice(11))).toEqual(['00:10', '00:40']);
    }
  });
});
