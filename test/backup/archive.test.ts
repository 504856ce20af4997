/** The file of a backup: it is read with the tools of a distribution, and every change of it is found. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import * as fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { rowSums, wholeRows } from '../../src/backup/archive/row-sums.ts';
import { open, seal, WrongKeyError } from '../../src/backup/archive/seal.ts';
import { LaterBackupError } from '../../src/backup/archive/manifest.ts';
import { readArchive } from '../../src/backup/restore/read-archive.ts';
import { DamagedBackupError, tarEnd, tarEntries, tarEntry } from '../../src/backup/archive/tar.ts';

const files = [
  { name: 'README.txt', data: Buffer.from('read me\n') },
  { name: 'data/0001-public.bots/00001.copy', data: Buffer.alloc(70_000, 'row\n') },
  { name: 'empty', data: Buffer.alloc(0) },
];

async function* archive() {
  for (const file of files) yield* tarEntry(file, 1_700_000_000);
  yield tarEnd();
}

const chunked = (data: Buffer, size = 1_000) =>
  Readable.from(
    Array.from({ length: Math.ceil(data.length / size) }, (_, index) =>
      data.subarray(index * size, (index + 1) * size),
    ),
  );

async function entriesOf(data: Buffer, identities: string[] = []) {
  const found = [];
  for await (const entry of tarEntries(open(chunked(data), identities))) found.push(entry);
  return found;
}

const folder = () => {
  const made = mkdtempSync(join(tmpdir(), 'roundsman-archive-'));
  onTestFinished(() => rmSync(made, { recursive: true }));
  return made;
};

const has = (program: string) => {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

test('what was written is read', async () => {
  expect(await entriesOf(await buffer(await seal(archive(), [])))).toEqual(files);
  const identity = await generateX25519Identity();
  const sealed = await buffer(await seal(archive(), [await identityToRecipient(identity)]));
  expect(sealed.includes('read me')).toBe(false);
  expect(await entriesOf(sealed, [identity])).toEqual(files);
});

test.skipIf(!has('zstd') || !has('tar'))('zstd and tar read it', async () => {
  const place = folder();
  writeFileSync(join(place, 'b.tar.zst'), await buffer(await seal(archive(), [])));
  execFileSync('zstd', ['-q', '-d', 'b.tar.zst'], { cwd: place });
  execFileSync('tar', ['-xf', 'b.tar'], { cwd: place });
  for (const { name, data } of files) expect(readFileSync(join(place, name))).toEqual(data);
});

test.skipIf(!has('age') || !has('zstd'))('age reads it', async () => {
  const place = folder();
  const identity = await generateX25519Identity();
  const sealed = await seal(archive(), [await identityToRecipient(identity)]);
  writeFileSync(join(place, 'b.tar.zst.age'), await buffer(sealed));
  writeFileSync(join(place, 'key.txt'), `${identity}\n`);
  execFileSync('age', ['-d', '-i', 'key.txt', '-o', 'b.tar.zst', 'b.tar.zst.age'], { cwd: place });
  execFileSync('zstd', ['-q', '-d', 'b.tar.zst'], { cwd: place });
  expect(execFileSync('tar', ['-tf', 'b.tar'], { cwd: place, encoding: 'utf8' })).toBe(
    files.map(({ name }) => `${name}\n`).join(''),
  );
});

test('another identity, or none, does not open it', async () => {
  const [mine, other] = [await generateX25519Identity(), await generateX25519Identity()];
  const sealed = await buffer(await seal(archive(), [await identityToRecipient(mine)]));
  await expect(entriesOf(sealed, [other])).rejects.toThrow(WrongKeyError);
  await expect(entriesOf(sealed, [other])).rejects.toThrow('none of the identities opens it');
  await expect(entriesOf(sealed)).rejects.toThrow('no identity was given');
});

test('encryption is seen in whatever pieces the bytes come, and a source that does not open is closed', async () => {
  const identity = await generateX25519Identity();
  const sealed = await buffer(await seal(archive(), [await identityToRecipient(identity)]));
  const start = Array.from({ length: 30 }, (_, at) => sealed.subarray(at, at + 1));
  const inPieces = () => Readable.from([...start, sealed.subarray(30)]);
  const found = [];
  for await (const entry of tarEntries(open(inPieces(), [identity]))) found.push(entry);
  expect(found).toEqual(files);
  for (const identities of [[], [await generateX25519Identity()]]) {
    const source = Readable.from([sealed.subarray(0, 500), sealed.subarray(500)]);
    await expect(open(source, identities).next()).rejects.toThrow(WrongKeyError);
    await expect.poll(() => source.destroyed).toBe(true);
  }
});

test('a flipped bit or a lost end is never taken for another content', async () => {
  const identity = await generateX25519Identity();
  const plain = await buffer(await seal(archive(), []));
  const sealed = await buffer(await seal(archive(), [await identityToRecipient(identity)]));
  for (const [data, identities] of [
    [plain, []],
    [sealed, [identity]],
  ] as [Buffer, string[]][]) {
    const step = Math.max(1, Math.floor(data.length / 150));
    for (let at = 0; at < data.length; at += step) {
      const flipped = Buffer.from(data);
      flipped[at]! ^= 1 << (at % 8);
      // Some bits mean nothing, such as an unused one in zstd's header, and zstd's own sum comes after the content.
      for (const [changed, what] of [
        [flipped, 'bit'],
        [data.subarray(0, at), 'end'],
      ] as const)
        await entriesOf(changed, identities).then(
          (entries) =>
            expect(
              entries.length === 3 &&
                entries.every(({ data: each }, index) => each.equals(files[index]!.data)),
              `${what} at ${at} of ${data.length}`,
            ).toBe(true),
          (error: unknown) => expect(error).toBeInstanceOf(Error),
        );
    }
  }
  await expect(entriesOf(Buffer.alloc(0))).rejects.toThrow(DamagedBackupError);
}, 120_000);

/** An archive with these files only. */
async function* archiveWith(entries: { name: string; data: Buffer }[]) {
  for (const entry of entries) yield* tarEntry(entry, 1_700_000_000);
  yield tarEnd();
}

test('a hostile archive is refused: paths that lead out, sizes that are lies, a manifest of another kind', async () => {
  const manifest = (content: unknown) => ({
    name: 'manifest.json',
    data: Buffer.from(JSON.stringify(content)),
  });
  await expect(
    readArchive(archiveWith([manifest({ format: 'roundsman-backup', version: 2, more: true })])),
  ).rejects.toThrow(LaterBackupError);
  for (const content of [
    {},
    [],
    null,
    'text',
    { format: 'other', version: 9 },
    { format: 'roundsman-backup', version: 0 },
  ])
    await expect(
      readArchive(archiveWith([manifest(content)])),
      JSON.stringify(content),
    ).rejects.toThrow(DamagedBackupError);
  const whole = {
    format: 'roundsman-backup',
    version: 1,
    id: 'x',
    takenAt: '',
    database: '',
    server: '',
    serverMajor: 18,
    dumper: '',
    dumperArguments: [],
    extensions: [],
    tables: [],
    sequences: 0,
    largeObjects: { objects: 0, bytes: 0, sum: '' },
    views: [],
    files: [],
    references: [],
    leftOut: [],
  };
  await expect(readArchive(archiveWith([manifest(whole)]))).resolves.toMatchObject({ id: 'x' });
  for (const name of ['../../etc/passwd', '/etc/passwd', 'data/../../x', 'extra.sql', '__proto__'])
    await expect(
      readArchive(archiveWith([{ name, data: Buffer.from('x') }, manifest(whole)])),
      name,
    ).rejects.toThrow('files that its manifest does not name');
  await expect(readArchive(archiveWith([manifest(whole), files[0]!]))).rejects.toThrow(
    'goes on after the manifest',
  );
  // The most that a header can claim, and a negative size; their sums are right.
  for (const size of ['77777777777', '20000000000', '-0000000001']) {
    const entry = tarEntry({ name: 'data/0001-x/1.copy', data: Buffer.alloc(0) }, 0);
    const header = (await entry.next()).value as Buffer;
    header.write(size, 124, 'latin1');
    let sum = 8 * 0x20;
    for (const [at, byte] of header.entries()) if (at < 148 || at >= 156) sum += byte;
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
    await expect(readArchive(chunked(Buffer.concat([header, tarEnd()]))), size).rejects.toThrow(
      DamagedBackupError,
    );
  }
});

test('rows in another order have the same sum, other rows another one', () => {
  const row = fc.string({ maxLength: 20 }).map((text) => `${text.replaceAll('\n', '\\n')}\n`);
  const sumOf = (rows: string[]) => {
    const sums = rowSums();
    sums.add(Buffer.from(rows.join('')));
    return sums.result();
  };
  fc.assert(
    fc.property(fc.array(row, { minLength: 1 }), row, (rows, more) => {
      expect(sumOf(rows.toReversed())).toEqual(sumOf(rows));
      expect(sumOf(rows).rows).toBe(rows.length);
      expect(sumOf([...rows, more]).sum).not.toBe(sumOf(rows).sum);
    }),
  );
});

test('parts are whole rows, and lose nothing', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ maxLength: 30 }).map((text) => `${text.replaceAll('\n', ' ')}\n`)),
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 60 }),
      async (rows, chunk, bytes) => {
        const all = Buffer.from(rows.join(''));
        const parts = [];
        for await (const { data } of wholeRows(chunked(all, chunk), bytes)) parts.push(data);
        expect(Buffer.concat(parts)).toEqual(all);
        for (const part of parts) expect(part.at(-1)).toBe(0x0a);
      },
    ),
  );
});
