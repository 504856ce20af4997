/** Logs that were imported before and have grown since: only the new lines are imported. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { accessLogs } from '../../src/importers/access/formats.ts';
import { errorLogs } from '../../src/importers/errors/formats.ts';
import { importLog, type ImportOptions } from '../../src/importers/import.ts';
import { openLog } from '../../src/importers/log-file.ts';
import { importScene } from './scene.ts';

const { database, connections, scratch } = await importScene();

async function imported(
  content: string | Buffer,
  options: ImportOptions = {},
  log: 'access' | 'error' = 'access',
) {
  const file = join(scratch, 'some.log');
  writeFileSync(file, content);
  const opened = await openLog(file);
  try {
    return log === 'access'
      ? await importLog(connections, opened, { log: accessLogs, format: null, zone: null }, options)
      : await importLog(connections, opened, { log: errorLogs, format: null, zone: null }, options);
  } finally {
    await opened.close();
  }
}

const line = (n: number) =>
  `192.0.2.1 - - [17/May/2015:10:05:03 +0000] "GET /${n} HTTP/1.1" 200 512`;
const lines = (from: number, to: number, end = '\n') =>
  Array.from({ length: to - from }, (_, n) => line(from + n) + end).join('');

async function paths(): Promise<string[]> {
  const { rows } = await sql<{ endpoint: string }>`
    SELECT endpoint FROM api_logs ORDER BY substring(endpoint FROM 2)::int`.execute(database.db);
  return rows.map(({ endpoint }) => endpoint);
}
const upTo = (count: number) => Array.from({ length: count }, (_, n) => `/${n}`);

const refused = { name: 'ImportedBeforeError', hint: expect.stringContaining('--again') };

test.each([3, 300, 30_000])(
  'of a log of %i lines, what was added is imported, each time',
  async (count) => {
    await imported(lines(0, count));
    expect(await imported(lines(0, count + 5))).toMatchObject({
      imported: 5,
      known: count,
      malformed: { count: 0 },
    });
    await expect(imported(lines(0, count + 5))).rejects.toMatchObject(refused);
    await expect(imported(lines(0, count))).rejects.toMatchObject(refused);
    const whole = lines(0, 2 * count + 10);
    expect(await imported(whole)).toMatchObject({ imported: count + 5, known: count + 5 });
    expect(await paths()).toEqual(upTo(2 * count + 10));
  },
  120_000,
);

test.each<[string, (text: string) => string | Buffer]>([
  ['as it is', (text) => text],
  ['as gzip', (text) => gzipSync(text)],
  ['as zstd of gzip', (text) => zstdCompressSync(gzipSync(text))],
  ['as UTF-16', (text) => Buffer.from(`\uFEFF${text}`, 'utf16le')],
])('a log that has grown is known %s', async (_, packed) => {
  await imported(lines(0, 10));
  expect(await imported(packed(lines(0, 12)))).toMatchObject({ imported: 2, known: 10 });
  expect(await paths()).toEqual(upTo(12));
});

test('with lines that end with \\r\\n, and one that had no end yet', async () => {
  await imported(lines(0, 10, '\r\n'));
  expect(await imported(lines(0, 12, '\r\n'))).toMatchObject({ imported: 2, known: 10 });
  expect(await imported(lines(0, 12, '\r\n') + line(12))).toMatchObject({ imported: 1, known: 12 });
  await expect(imported(lines(0, 13, '\r\n'))).rejects.toMatchObject(refused);
  expect(await imported(lines(0, 14, '\r\n'))).toMatchObject({ imported: 1, known: 13 });
  expect(await paths()).toEqual(upTo(14));
});

test('a line that was incomplete is imported when it is complete', async () => {
  const cut = lines(0, 3) + line(3).slice(0, 40);
  expect(await imported(cut)).toMatchObject({ imported: 3, malformed: { count: 1 } });
  expect(await imported(lines(0, 5))).toMatchObject({
    imported: 2,
    known: 3,
    malformed: { count: 0 },
  });
  expect(await paths()).toEqual(upTo(5));
});

test('blank lines count as nothing new, and unreadable lines are an error that says so', async () => {
  await imported(lines(0, 3));
  await expect(imported(`${lines(0, 3)}\n \n`)).rejects.toMatchObject(refused);
  await expect(imported(`${lines(0, 3)}nonsense\n`)).rejects.toMatchObject({
    name: 'ImportError',
    why: expect.stringMatching(/none of its 1 new lines.*line 4/),
  });
  expect(await paths()).toEqual(upTo(3));
});

test('a log that was rotated, or emptied and written again, is another log', async () => {
  await imported(lines(0, 10));
  expect(await imported(lines(10, 20))).toMatchObject({ imported: 10, known: 0 });
  expect(await imported(lines(20, 25))).toMatchObject({ imported: 5, known: 0 });
  expect(await paths()).toEqual(upTo(25));
});

test('--again imports all of it', async () => {
  await imported(lines(0, 3));
  expect(await imported(lines(0, 5), { again: true })).toMatchObject({ imported: 5, known: 0 });
  expect(await paths()).toHaveLength(8);
});

test('--shift-to-now moves what is new', async () => {
  await imported(lines(0, 3));
  for (const count of [3, 60_000]) {
    const result = await imported(lines(0, count + 2), { shiftToNow: true });
    expect(result.known + result.imported).toBe(count + 2);
    expect(Date.now() - result.last!.getTime()).toBeLessThan(60_000);
  }
  expect(await paths()).toEqual(upTo(60_002));
}, 60_000);

test('of an error log, the lines of a new message are joined, and those of a known one are left out', async () => {
  const first = '2026-03-10 12:00:00 boom\n  at a.js:1:2\n';
  await imported(first, {}, 'error');
  const second = `${first}  at b.js:1:2\n2026-03-10 12:00:01 bang\n  at c.js:1:2\n`;
  expect(await imported(second, {}, 'error')).toMatchObject({
    imported: 1,
    known: 2,
    joined: 1,
    malformed: {
      count: 1,
      lines: [{ line: 3, why: expect.stringContaining('was imported before') }],
    },
  });
});

test('names of fields at the beginning of the log also apply to the new lines', async () => {
  const head = '#Version: 1.0\n#Fields: time cs-method cs-uri-stem sc-status date\n';
  const row = (n: number) => `12:00:00 GET /${n} 200 2026-03-10\n`;
  await imported(head + row(0));
  expect(await imported(head + row(0) + row(1))).toMatchObject({
    format: 'w3c',
    imported: 1,
    known: 3,
  });
  expect(await paths()).toEqual(upTo(2));
});

test('a request that had no answer yet is one row when it has', async () => {
  const at = '"level":30,"time":1773144000123';
  const asked = (id: string) => `{${at},"reqId":"${id}","req":{"method":"GET","url":"/${id}"}}\n`;
  const answered = (id: string) =>
    `{${at},"reqId":"${id}","res":{"statusCode":200},"responseTime":2}\n`;
  const text = asked('1') + asked('2') + answered('1') + asked('3');
  expect(await imported(text)).toMatchObject({ imported: 1, joined: 1, malformed: { count: 2 } });
  await expect(imported(text)).rejects.toMatchObject(refused);
  expect(await imported(text + answered('2'))).toMatchObject({ imported: 1, known: 4, joined: 0 });
  expect(await paths()).toEqual(['/1', '/2']);
});

describe('a text that was imported before is noticed', () => {
  const cr = (text: string) => text.replaceAll('\n', '\r\n');
  const whole = lines(0, 20);
  test.each<[string, string, string]>([
    ['with \\r\\n', whole, cr(whole)],
    ['with \\n', cr(whole), whole],
    ['with several \\r', whole, whole.replaceAll('\n', '\r\r\n')],
    ['without its last end', whole, whole.slice(0, -1)],
    ['with \\r\\n and without its last end', whole, cr(whole).slice(0, -2)],
    ['with half of its last end', whole, cr(whole).slice(0, -1)],
    ['with a last end', whole.slice(0, -1), whole],
    ['with a last \\r\\n', whole.slice(0, -1), cr(whole)],
    ['as a beginning of it', whole, lines(0, 10)],
    ['as a beginning of it that ends within a line', whole, whole.slice(0, 700)],
    ['as a beginning of it with \\r\\n', whole, cr(lines(0, 10))],
  ])('%s', async (_, first, second) => {
    await imported(first);
    await expect(imported(second)).rejects.toMatchObject(refused);
    expect(await paths()).toEqual(upTo(20));
    expect((await imported(second, { again: true })).imported).toBeGreaterThan(0);
  });

  test('also if it is long, and if it has grown since', async () => {
    const many = lines(0, 30_000);
    await imported(many);
    await expect(imported(cr(many))).rejects.toMatchObject(refused);
    expect(await imported(cr(lines(0, 30_005)))).toMatchObject({ imported: 5, known: 30_000 });
    await expect(imported(lines(0, 30_002))).rejects.toMatchObject(refused);
    await expect(imported(lines(0, 29_000))).rejects.toMatchObject(refused);
    expect(await paths()).toEqual(upTo(30_005));
  }, 120_000);

  test('and another text with the same beginning is imported', async () => {
    await imported(whole);
    const other = lines(0, 10) + line(99);
    expect(await imported(other)).toMatchObject({ imported: 11 });
    expect(await imported(lines(15, 18) + lines(15, 18))).toMatchObject({ imported: 6 });
  });

  test('also as the beginning of an error log', async () => {
    const message = (n: number) => `2026-03-10 12:00:0${n} ERROR x${n}\n  at y\n`;
    const text = [0, 1, 2, 3].map(message).join('');
    await imported(text, {}, 'error');
    await expect(imported(message(0) + message(1), {}, 'error')).rejects.toMatchObject(refused);
  });
});
