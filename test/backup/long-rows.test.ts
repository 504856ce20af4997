/** Rows that are too large for memory go through the disk, in both directions, and nothing of them stays there. */
import { createReadStream, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { open } from '../../src/backup/archive/seal.ts';
import { tarEntries } from '../../src/backup/archive/tar.ts';
import { compareWithBackup } from '../../src/backup/restore/compare.ts';
import { restoreArchive } from '../../src/backup/restore/restore.ts';
import { emptyDatabase, testDatabase } from '../support/database.ts';
import { administer } from '../support/postgres.ts';
import { backupFolder, take } from './scene.ts';

const { signal } = new AbortController();

test('long rows between short ones are the same after a restore', async () => {
  const source = await emptyDatabase();
  await administer(
    source.url,
    'CREATE TABLE public.texts (n int, v text)',
    `INSERT INTO public.texts VALUES (1, 'short'), (2, repeat('a', 9000000)), (3, 'b'), (4, repeat(E'c\\n\\\\', 8000000)), (5, NULL), (6, repeat('d', 30000000))`,
  );
  const bookkeeping = await testDatabase();
  const { file, manifest } = await take({ db: bookkeeping.db, url: source.url }, backupFolder());
  expect(manifest.tables).toMatchObject([{ rows: 6 }]);
  const archive = () => open(createReadStream(file!) as AsyncIterable<Buffer>, []);
  const sizes: number[] = [];
  for await (const { name, passing } of tarEntries(archive(), { keepsRows: false })) {
    if (name.startsWith('data/')) sizes.push(passing!.bytes);
    for await (const piece of passing?.pieces ?? []) expect(piece.length).toBeLessThan(1_000_000);
  }
  expect(sizes.filter((size) => size > 8_000_000)).toHaveLength(3);
  const target = await emptyDatabase();
  await restoreArchive(target.url, archive(), { signal });
  const sums = `SELECT n, length(v) AS length, md5(v) AS sum FROM public.texts ORDER BY n`;
  const [before, after] = [
    await sql.raw(sums).execute(source.db),
    await sql.raw(sums).execute(target.db),
  ];
  expect(after.rows).toEqual(before.rows);
  const texts = { preData: '', postData: '', eventTriggers: '', sequences: '' };
  const { differences } = await compareWithBackup(target.url, manifest, { texts }, signal);
  // Only the texts, which were not given, differ.
  expect(differences.filter((each) => each.includes('texts"'))).toEqual([]);
  expect(readdirSync(tmpdir()).filter((name) => name.startsWith('roundsman-row-'))).toEqual([]);
}, 240_000);
