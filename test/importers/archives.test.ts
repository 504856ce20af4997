/** Archives of any size, whole and damaged, from files and from standard input. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { accessLogs } from '../../src/importers/access/formats.ts';
import { importLog } from '../../src/importers/import.ts';
import { openLog } from '../../src/importers/log-file.ts';
import { importScene } from './scene.ts';

const { database, connections, scratch } = await importScene();

const lines = (from: number, to: number) =>
  Array.from(
    { length: to - from },
    (_, n) =>
      `192.0.2.1 - - [17/May/2015:10:05:03 +0000] "GET /${from + n}/${Math.sqrt(from + n)} HTTP/1.1" 200 512\n`,
  ).join('');

async function imported(content: Buffer) {
  const file = join(scratch, 'some.log');
  writeFileSync(file, content);
  const log = await openLog(file);
  try {
    return await importLog(connections, log, { log: accessLogs, format: null, zone: null });
  } finally {
    await log.close();
  }
}

/** Runs `roundsman import access-log -` with these bytes as its standard input. */
async function piped(content: Buffer) {
  const source = (path: string) =>
    JSON.stringify(new URL(`../../src/${path}`, import.meta.url).href);
  const code = `
    import { importCommand } from ${source('cli/import/index.ts')};
    import { printError } from ${source('cli/terminal/print.ts')};
    await importCommand().parseAsync(process.argv.slice(1), { from: 'user' })
      .catch((error) => { process.exitCode = printError(error); });`;
  const child = spawn(
    process.execPath,
    ['--input-type=module', '-e', code, '--', 'access-log', '-', '--json'],
    { env: { ...process.env, DATABASE_URL: database.url } },
  );
  const said = Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  // It may end before it has read all.
  child.stdin.on('error', () => {});
  child.stdin.end(content);
  const [stdout, stderr, [exitCode]] = await said;
  return { stdout, stderr, exitCode };
}

const pack = { gzip: gzipSync, zstd: zstdCompressSync };
type Packer = keyof typeof pack;
const packers = Object.keys(pack) as Packer[];

const skippable = (bytes: number, last = 0) =>
  Buffer.concat([
    Buffer.from([0x50 + last, 0x2a, 0x4d, 0x18, bytes & 255, bytes >> 8, 0, 0]),
    Buffer.alloc(bytes, 'x'),
  ]);

const hundred = lines(0, 100);
const whole: [string, Buffer][] = [
  ['gzip followed by zero bytes', Buffer.concat([gzipSync(hundred), Buffer.alloc(512)])],
  [
    'gzip followed by a block of zero bytes',
    Buffer.concat([gzipSync(hundred), Buffer.alloc(300_000)]),
  ],
  ['gzip followed by one zero byte', Buffer.concat([gzipSync(hundred), Buffer.alloc(1)])],
  [
    'gzip of gzip, each followed by zero bytes',
    Buffer.concat([gzipSync(Buffer.concat([gzipSync(hundred), Buffer.alloc(9)])), Buffer.alloc(9)]),
  ],
  [
    'zstd with a skippable frame behind it',
    Buffer.concat([zstdCompressSync(hundred), skippable(17, 14)]),
  ],
  [
    'zstd with a skippable frame before it',
    Buffer.concat([skippable(4), zstdCompressSync(hundred)]),
  ],
  [
    'zstd with empty and skippable frames between its frames',
    Buffer.concat([
      skippable(4),
      zstdCompressSync(lines(0, 50)),
      skippable(0, 3),
      skippable(300, 15),
      zstdCompressSync(''),
      zstdCompressSync(lines(50, 100)),
      skippable(70_000 % 65_536),
    ]),
  ],
];

describe('an archive that is valid', () => {
  test.each(whole)('is read whole: %s', async (_, content) => {
    expect(await imported(content)).toMatchObject({ imported: 100, malformed: { count: 0 } });
  });

  test.each(whole)('is read whole from standard input: %s', async (_, content) => {
    const { stdout, stderr, exitCode } = await piped(content);
    expect(exitCode, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ imported: 100 });
  });

  test.each(packers)('of %s is read whole, however few lines are in it', async (packer) => {
    for (const count of [1, 2, 5, 10, 1_000]) {
      await sql`TRUNCATE api_logs, engine.imports`.execute(database.db);
      const content = pack[packer](pack[packer](lines(0, count)));
      expect((await imported(content)).imported).toBe(count);
    }
  });
});

describe('a damaged archive is refused, and no row is kept', () => {
  const refused = {
    name: 'UnreadableLogError',
    hint: expect.stringMatching(/damaged or cut short.*nothing was imported/),
  };

  test.each(packers)('of %s, cut at any length', async (packer) => {
    for (const count of [1, 10, 50, 200, 1_000]) {
      const content = pack[packer](lines(0, count));
      for (const share of [0.2, 0.5, 0.9, 1]) {
        const cut = content.subarray(0, Math.max(9, Math.ceil(content.length * share) - 1));
        await expect(imported(cut), `${count} lines, ${cut.length} bytes`).rejects.toMatchObject(
          refused,
        );
      }
    }
    const [{ n }] = (
      await sql<{ n: number }>`SELECT count(*)::int AS n FROM api_logs`.execute(database.db)
    ).rows as [{ n: number }];
    expect(n).toBe(0);
  });

  test.each(packers)('of %s, with a byte that is not its own', async (packer) => {
    for (const count of [5, 1_000]) {
      const content = Buffer.from(pack[packer](lines(0, count)));
      content[content.length >> 1]! ^= 255;
      content[content.length - 3]! ^= 255;
      await expect(imported(content)).rejects.toMatchObject(refused);
    }
  });

  test.each(packers)('of %s in another archive', async (packer) => {
    const inner = pack[packer](lines(0, 20));
    await expect(imported(gzipSync(inner.subarray(0, 60)))).rejects.toMatchObject(refused);
  });

  test.each(packers)('of %s on standard input, as an error that says so', async (packer) => {
    for (const [count, length] of [
      [10, 60],
      [200, 400],
      [1_000, 5_000],
    ] as const) {
      const { stdout, stderr, exitCode } = await piped(
        pack[packer](lines(0, count)).subarray(0, length),
      );
      expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 1 });
      expect(stderr).toMatch(/could not be read/);
      expect(stderr).toMatch(/damaged or cut short/);
      expect(stderr).not.toMatch(/Unhandled|node:/);
    }
  });
});
