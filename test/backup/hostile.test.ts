/** Files that a disk has damaged or a person has changed: each is refused by name, in bounded memory, and nothing of it is restored. */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { constants, createZstdCompress } from 'node:zlib';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { LaterBackupError } from '../../src/backup/archive/manifest.ts';
import { open, seal } from '../../src/backup/archive/seal.ts';
import { DamagedBackupError, tarEnd, tarEntries, tarEntry } from '../../src/backup/archive/tar.ts';
import { RestoreFailedError } from '../../src/backup/restore/failed.ts';
import { readArchive } from '../../src/backup/restore/read-archive.ts';
import { TransactionEndedError } from '../../src/backup/restore/refuse-end.ts';
import { RoundsmanError } from '../../src/ground/errors.ts';
import { restoreBackup } from '../../src/services/backups/restore.ts';
import { emptyDatabase, testDatabase, type TestDatabase } from '../support/database.ts';
import { administer } from '../support/postgres.ts';
import { randomOf } from './kills.ts';
import { actor, backupFolder, take } from './scene.ts';

const { signal } = new AbortController();
const sha256 = (data: Buffer) => createHash('sha256').update(data).digest('hex');

interface File {
  name: string;
  data: Buffer;
}

/** A backup of a database with one table, and a place for changed ones. */
async function scene() {
  const source = await emptyDatabase();
  await administer(
    source.url,
    'CREATE TABLE public.kept (a int PRIMARY KEY, b text)',
    'INSERT INTO public.kept SELECT n, md5(n::text) FROM generate_series(1, 20000) n',
  );
  const bookkeeping = await testDatabase();
  const folder = backupFolder();
  const { file } = await take({ db: bookkeeping.db, url: source.url }, folder);
  const files: File[] = [];
  for await (const { name, data } of tarEntries(open(Readable.from([readFileSync(file!)]), [])))
    files.push({ name, data });
  return { file: file!, files, folder };
}

async function written(folder: string, files: readonly File[], end = tarEnd()): Promise<string> {
  const path = join(folder, 'changed.tar.zst');
  async function* all() {
    for (const each of files) yield* tarEntry(each, 0);
    yield end;
  }
  writeFileSync(path, await buffer(await seal(all(), [])));
  return path;
}

const tablesIn = async ({ db }: TestDatabase): Promise<string[]> => {
  const { rows } = await sql<{ name: string }>`
    SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'`.execute(
    db,
  );
  return rows.map(({ name }) => name);
};

const restore = ({ url }: TestDatabase, file: string) =>
  restoreBackup({ url, actor }, { file, signal });

/** With the content of one file replaced, and the manifest as whoever changes a backup would change it, too. */
function changed(files: readonly File[], name: string, change: (text: string) => string): File[] {
  const replaced = files.map((each) =>
    each.name === name ? { name, data: Buffer.from(change(each.data.toString())) } : each,
  );
  const manifest = JSON.parse(files.find((each) => each.name === 'manifest.json')!.data.toString());
  for (const each of manifest.files) {
    const { data } = replaced.find((file) => file.name === each.name)!;
    Object.assign(each, { bytes: data.length, sha256: sha256(data) });
  }
  return replaced.map((each) =>
    each.name === 'manifest.json' && name !== 'manifest.json'
      ? { name: each.name, data: Buffer.from(JSON.stringify(manifest)) }
      : each,
  );
}

test('a bit flipped at 100 random places, and a lost end at 50: plain and encrypted', async () => {
  const { file } = await scene();
  const identity = await generateX25519Identity();
  const plain = readFileSync(file);
  const inner = open(Readable.from([plain]), []);
  const sealed = await buffer(await seal(inner, [await identityToRecipient(identity)]));
  const seed = Number(process.env.DAMAGE_SEED ?? Math.floor(Math.random() * 2 ** 31));
  const random = randomOf(seed);
  const contentOf = async (data: Buffer, identities: string[]) => {
    const hash = createHash('sha256');
    await readArchive(open(Readable.from([data]), identities), (each) => {
      hash.update(each.name).update(each.data);
    });
    return hash.digest('hex');
  };
  for (const [data, identities] of [
    [plain, []],
    [sealed, [identity]],
  ] as [Buffer, string[]][]) {
    const right = await contentOf(data, identities);
    for (let count = 0; count < 150; count += 1) {
      const at = Math.floor(random() * data.length);
      const bit = Math.floor(random() * 8);
      const damaged = count < 100 ? Buffer.from(data) : data.subarray(0, at);
      if (count < 100) damaged[at]! ^= 1 << bit;
      const what = `${count < 100 ? `bit ${bit} of byte` : 'cut at'} ${at} of ${data.length}, seed ${seed}`;
      // A few bits of zstd's own header mean nothing.
      await contentOf(damaged, identities).then(
        (content) => expect(content, what).toBe(right),
        (error: unknown) => expect(error, what).toBeInstanceOf(RoundsmanError),
      );
    }
  }
}, 240_000);

test('a manifest that disagrees, or of a later version, is refused before the database is touched', async () => {
  const { files, folder } = await scene();
  const target = await emptyDatabase();
  // It would be seen if a statement of the file was carried out.
  await administer(
    target.url,
    'CREATE SCHEMA witness; CREATE SEQUENCE witness.statements',
    `CREATE FUNCTION witness.note() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM nextval('witness.statements'); END $$`,
    'CREATE EVENT TRIGGER note ON ddl_command_start EXECUTE FUNCTION witness.note()',
  );
  const withManifest = (change: (manifest: any) => void) =>
    changed(files, 'manifest.json', (text) => {
      const manifest = JSON.parse(text);
      change(manifest);
      return JSON.stringify(manifest);
    });
  for (const [what, each, kind] of [
    ['rows', withManifest(({ tables: [table] }) => (table.bytes += 1)), DamagedBackupError],
    ['sum', withManifest(({ files: [one] }) => (one.sha256 = '0'.repeat(64))), DamagedBackupError],
    ['less', withManifest((manifest) => (manifest.tables = [])), DamagedBackupError],
    ['twice', withManifest(({ tables }) => tables.push(tables[0])), DamagedBackupError],
    ['none', files.filter(({ name }) => name !== 'manifest.json'), DamagedBackupError],
    ['a file twice', [files[0]!, ...files], DamagedBackupError],
    ['a part left out', files.filter(({ name }) => !name.endsWith('1.copy')), DamagedBackupError],
    ['later', withManifest((manifest) => (manifest.version = 2)), LaterBackupError],
    ['negative', withManifest(({ tables: [table] }) => (table.parts = -1)), DamagedBackupError],
  ] as [string, File[], typeof LaterBackupError][]) {
    const file = await written(folder, each);
    await expect(restore(target, file), what).rejects.toThrow(kind);
  }
  const { rows } = await sql`SELECT is_called FROM witness.statements`.execute(target.db);
  expect(rows).toEqual([{ is_called: false }]);
}, 240_000);

test('a statement that ends the transaction, or reads a program, is not carried out; one that is hidden is told', async () => {
  const { files, folder } = await scene();
  for (const end of ['COMMIT', '/* a */ -- b\n end', 'Rollback', "PREPARE TRANSACTION 'x'"]) {
    const target = await emptyDatabase();
    const file = await written(
      folder,
      changed(files, 'post-data.sql', (text) => `${text}\n${end};\nSELECT 1/0;\n`),
    );
    await expect(restore(target, file), end).rejects.toThrow(RestoreFailedError);
    expect(await tablesIn(target), end).toEqual([]);
  }
  // The server reads it as two statements, and whoever cuts the text as one.
  const hidden = `SET standard_conforming_strings = off;\nSELECT 'x\\''; COMMIT; -- ';\n`;
  for (const more of ['', 'BEGIN; ', 'BEGIN; SAVEPOINT attempt; ']) {
    const target = await emptyDatabase();
    const file = await written(
      folder,
      changed(
        files,
        'pre-data.sql',
        (text) => text + hidden.replace('COMMIT; ', `COMMIT; ${more}`),
      ),
    );
    await expect(restore(target, file), more).rejects.toThrow(TransactionEndedError);
  }
  const target = await emptyDatabase();
  const file = await written(
    folder,
    changed(files, 'tables.json', (text) => text.replace('FROM STDIN', `FROM PROGRAM 'id'`)),
  );
  await expect(restore(target, file)).rejects.toThrow(/tables\.json is not one of a backup/);
}, 240_000);

test('sizes that are lies, more text than a schema has, and what follows the end are refused', async () => {
  const { files, folder } = await scene();
  const refused = async (all: AsyncIterable<Buffer>) => {
    const packed = Readable.from(all).pipe(
      createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: 1 } }),
    );
    const path = join(folder, 'bomb.tar.zst');
    writeFileSync(path, await buffer(packed));
    const target = await emptyDatabase();
    await expect(restore(target, path)).rejects.toThrow(DamagedBackupError);
    expect(await tablesIn(target)).toEqual([]);
  };
  const piece = Buffer.alloc(4 * 1024 * 1024);
  const zeros = async function* (count: number) {
    for (let at = 0; at < count; at += piece.length) yield piece;
  };
  const header = async (name: string, bytes: number) => {
    const pieces = { name, data: Buffer.alloc(0), passing: { bytes, pieces: zeros(0) } };
    return (await tarEntry(pieces, 0).next()).value as Buffer;
  };
  const gibibyte = 1024 ** 3;
  await refused(
    (async function* () {
      yield await header('pre-data.sql', gibibyte / 2);
      yield* zeros(gibibyte / 2);
      yield tarEnd();
    })(),
  );
  // Each is small enough, and all are not.
  await refused(
    (async function* () {
      for (let number = 0; number < 9; number += 1) {
        yield await header(`${number}.sql`, 32 * 1024 * 1024);
        yield* zeros(32 * 1024 * 1024);
      }
      yield tarEnd();
    })(),
  );
  await refused(
    (async function* () {
      for (const each of files) yield* tarEntry(each, 0);
      yield tarEnd();
      yield* zeros(8 * 1024 * 1024);
    })(),
  );
  await refused(
    (async function* () {
      yield await header('data/0001-x/000001.copy', gibibyte);
      yield* zeros(1024 * 1024);
    })(),
  );
}, 240_000);

test.each([
  ['one line', 'a'],
  ['a stanza', `${'A'.repeat(64)}\n`],
])(
  'a head of age that never ends is refused: %s',
  async (_what, piece) => {
    let sent = 0;
    async function* endless() {
      yield Buffer.from('age-encryption.org/v1\n-> X25519 x\n');
      for (;;) {
        const chunk = Buffer.from(piece.repeat(65_536 / piece.length));
        sent += chunk.length;
        // Else a reader without a limit would go on until the memory is full.
        if (sent > 64 * 1024 * 1024) throw new Error('all of it was read');
        yield chunk;
      }
    }
    const read = buffer(Readable.from(open(endless(), [await generateX25519Identity()])));
    await expect(read).rejects.toThrow(DamagedBackupError);
    expect(sent).toBeLessThan(8 * 1024 * 1024);
  },
  60_000,
);

test('a statement that the server does not know, as one of a later version, is no sign of a changed file', async () => {
  const { files, folder } = await scene();
  const target = await emptyDatabase();
  const file = await written(
    folder,
    changed(files, 'post-data.sql', (text) => `${text}\nCREATE THING public.later (a int);\n`),
  );
  const error = await restore(target, file).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(RestoreFailedError);
  expect(error).toMatchObject({
    what: 'the backup could not be restored; the database is as it was',
    why: 'CREATE THING public.later (a int): syntax error at or near "THING"',
    hint: expect.stringContaining('the server may be older'),
  });
  expect(await tablesIn(target)).toEqual([]);
});
