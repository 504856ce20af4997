/** Text from files and standard input: what is made of each encoding, and what is said of bytes that are no text. */
import { execFileSync } from 'node:child_process';
import { createServer } from 'node:net';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { parseEnv } from 'node:util';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { decodeText, encodingOf } from '../../src/ground/encoding.ts';
import { readSettings } from '../../src/ground/files/settings-file.ts';
import { oddSettings } from '../../src/odd-settings.ts';

const scratch = mkdtempSync(join(tmpdir(), 'roundsman-encoding-'));
afterAll(() => rmSync(scratch, { recursive: true }));

const text = 'DATABASE_URL=postgres://ann@host/x\nNAME="é𝄞"\n';
const swapped = (bytes: Buffer) => Buffer.from(bytes).swap16();
const inUtf16 = (some: string) => Buffer.from(some, 'utf16le');

const encodings: [string, Buffer][] = [
  ['UTF-8', Buffer.from(text)],
  ['UTF-8 with a byte order mark', Buffer.from(`\uFEFF${text}`)],
  ['UTF-16, little end first', inUtf16(`\uFEFF${text}`)],
  ['UTF-16, big end first', swapped(inUtf16(`\uFEFF${text}`))],
  ['UTF-16 without a mark', inUtf16(text)],
  ['UTF-16 without a mark, big end first', swapped(inUtf16(text))],
  ['lines of Windows', Buffer.from(text.replaceAll('\n', '\r\n'))],
  ['lines of an old Macintosh', Buffer.from(text.replaceAll('\n', '\r'))],
];

describe('a short text', () => {
  test.each(encodings)('in %s is the same text', (_, bytes) => {
    expect(decodeText(bytes)).toEqual({ text });
  });

  test('of any characters comes back from each encoding that has a mark', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (some) => {
        fc.pre(!/[\0\r]/.test(some) && !some.startsWith('\uFEFF'));
        for (const bytes of [
          Buffer.from(`\uFEFF${some}`),
          inUtf16(`\uFEFF${some}`),
          swapped(inUtf16(`\uFEFF${some}`)),
        ])
          expect(decodeText(bytes)).toEqual({ text: some });
      }),
    );
  });

  test.each<[string, Buffer, RegExp]>([
    ['gzip', gzipSync(text), /compressed \(gzip\)/],
    ['zstd', zstdCompressSync(text), /compressed \(zstd\)/],
    ['Latin-1', Buffer.from('a\nä', 'latin1'), /not UTF-8/],
    ['half of a UTF-16 character', Buffer.from([0xff, 0xfe, 0x41]), /not UTF-16/],
    ['a NUL', Buffer.from('a=1\nb=\0\n'), /NUL byte, in line 2/],
  ])('that is %s is refused', (_, bytes, why) => {
    expect(decodeText(bytes)).toEqual({
      why: expect.stringMatching(why),
      hint: expect.any(String),
    });
  });

  test('whose NULs stand on both sides is no UTF-16', () => {
    expect(encodingOf(Buffer.from('\0\0\0\0\0\0a=1\n')).encoding).toBe('utf-8');
  });
});

describe('a .env', () => {
  test.each(encodings)('in %s keeps its first line', (name, bytes) => {
    const file = join(scratch, name);
    writeFileSync(file, bytes);
    expect(parseEnv(readSettings(file))).toEqual({
      DATABASE_URL: 'postgres://ann@host/x',
      NAME: 'é𝄞',
    });
    expect(oddSettings({}, file)).toEqual([]);
  });

  test('that is no file is refused by what it is', async () => {
    const directory = join(scratch, 'directory');
    mkdirSync(directory);
    expect(() => readSettings(directory)).toThrow('it is a directory');
    const socket = join(scratch, 'socket');
    const server = createServer().listen(socket);
    await new Promise((resolve) => server.once('listening', resolve));
    expect(() => readSettings(socket)).toThrow('it is a socket');
    server.close();
    expect(() => readSettings('/dev/zero')).toThrow('it is a device');
  });

  test('that is a link to /dev/null is empty', () => {
    const file = join(scratch, 'empty');
    symlinkSync('/dev/null', file);
    expect(readSettings(file)).toBe('');
  });

  test('that is a pipe is what comes out of it', () => {
    const file = join(scratch, 'pipe');
    execFileSync('mkfifo', [file]);
    const read = `import { readSettings } from ${JSON.stringify(new URL('../../src/ground/files/settings-file.ts', import.meta.url).href)};
      process.stdout.write(readSettings(process.argv[1]));`;
    const out = execFileSync(
      'sh',
      [
        '-c',
        `printf 'A=1\\n' > "$1" & "$0" --input-type=module -e "$2" -- "$1"`,
        process.execPath,
        file,
        read,
      ],
      { encoding: 'utf8' },
    );
    expect(out).toBe('A=1\n');
  });
});
