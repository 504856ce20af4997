/** A restored copy that differs from its backup in anything is refused as a proof, and the difference is named. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { open } from '../../src/backup/archive/seal.ts';
import type { Manifest } from '../../src/backup/archive/manifest.ts';
import { compareWithBackup, type Texts } from '../../src/backup/restore/compare.ts';
import { UnprovenError } from '../../src/backup/restore/prove.ts';
import { readArchive } from '../../src/backup/restore/read-archive.ts';
import type { ForeignKey } from '../../src/backup/restore/foreign-key.ts';
import { restoreArchive } from '../../src/backup/restore/restore.ts';
import { verifyBackup } from '../../src/services/backups/verify.ts';
import { emptyDatabase, testDatabase } from '../support/database.ts';
import { administer } from '../support/postgres.ts';
import { actor, backupFolder, plantOddities, take } from './scene.ts';

const { signal } = new AbortController();

/** A small database with what may differ, its backup, and the texts of that. */
async function backedUp() {
  const database = await emptyDatabase();
  await plantOddities(database);
  await administer(
    database.url,
    'CREATE TABLE public.kept (a int PRIMARY KEY, b text, c serial)',
    "INSERT INTO public.kept VALUES (1, 'one'), (2, 'two'), (3, NULL)",
    'CREATE INDEX kept_b ON public.kept (b)',
    'GRANT SELECT ON LARGE OBJECT 424242 TO PUBLIC',
    `REVOKE CONNECT ON DATABASE ${database.name} FROM PUBLIC`,
  );
  // The small one has no table of backups.
  const bookkeeping = await testDatabase();
  const { file } = await take({ db: bookkeeping.db, url: database.url }, backupFolder());
  return file!;
}

const archiveOf = (file: string) => open(Readable.from([readFileSync(file)]), []);

async function textsOf(file: string): Promise<Texts> {
  const texts = new Map<string, string>();
  const objects = createHash('sha256');
  await readArchive(archiveOf(file), ({ name, data }) => {
    if (name.startsWith('large-objects/')) objects.update(data);
    if (name.endsWith('.sql')) texts.set(name, data.toString());
  });
  return {
    preData: texts.get('pre-data.sql')!,
    postData: texts.get('post-data.sql')!,
    sequences: texts.get('sequences.sql')!,
    eventTriggers: texts.get('event-triggers.sql')!,
    settings: texts.get('settings.sql')!,
    largeObjects: objects.digest('hex'),
  };
}

/** Each with what the comparison says of it, and what puts it right again. */
const changes: [string, string, RegExp, string][] = [
  [
    'a row changed',
    `UPDATE public.kept SET b = 'One' WHERE a = 1`,
    /^rows of "public"\."kept" differ/,
    `UPDATE public.kept SET b = 'one' WHERE a = 1`,
  ],
  [
    'NULL became an empty text',
    `UPDATE public.kept SET b = '' WHERE a = 3`,
    /^rows of "public"\."kept" differ/,
    'UPDATE public.kept SET b = NULL WHERE a = 3',
  ],
  [
    'a row is missing',
    'DELETE FROM public.kept WHERE a = 2',
    /"kept" has 2 rows, and 3 in the backup/,
    `INSERT INTO public.kept VALUES (2, 'two', 2)`,
  ],
  [
    'a row too many',
    `INSERT INTO public.kept VALUES (9, 'nine', 9)`,
    /"kept" has 4 rows, and 3 in the backup/,
    'DELETE FROM public.kept WHERE a = 9',
  ],
  [
    'an index is missing',
    'DROP INDEX public.kept_b',
    /^post-data differs at line \d+: .*kept_b/,
    'CREATE INDEX kept_b ON public.kept (b)',
  ],
  [
    'a constraint is missing',
    'ALTER TABLE public.kept DROP CONSTRAINT kept_pkey',
    /^post-data differs at line \d+/,
    'ALTER TABLE public.kept ADD CONSTRAINT kept_pkey PRIMARY KEY (a)',
  ],
  [
    'a trigger acts that was disabled',
    'ALTER TABLE odd.guarded ENABLE TRIGGER no_rows',
    /^post-data differs at line \d+/,
    'ALTER TABLE odd.guarded DISABLE TRIGGER no_rows',
  ],
  [
    'row level security is off',
    'ALTER TABLE odd.guarded DISABLE ROW LEVEL SECURITY',
    /^post-data differs at line \d+/,
    'ALTER TABLE odd.guarded ENABLE ROW LEVEL SECURITY',
  ],
  [
    'a default is another one',
    'ALTER TABLE public.kept ALTER b SET DEFAULT 5',
    /^pre-data differs at line \d+: .*/,
    'ALTER TABLE public.kept ALTER b DROP DEFAULT',
  ],
  [
    'a sequence stands elsewhere',
    `SELECT setval('public.kept_c_seq', 77)`,
    /^sequences differs at line \d+: .*kept_c_seq/,
    `SELECT setval('public.kept_c_seq', 3)`,
  ],
  [
    'a sequence was not called',
    `SELECT setval('public.kept_c_seq', 3, false)`,
    /^sequences differs at line \d+: .*kept_c_seq/,
    `SELECT setval('public.kept_c_seq', 3, true)`,
  ],
  [
    'a byte of a large object',
    `SELECT lo_put(424242, 1000000, '\\x07')`,
    /^large objects differ/,
    `SELECT lo_put(424242, 1000000, '\\x00')`,
  ],
  [
    'rights of a large object',
    'REVOKE ALL ON LARGE OBJECT 424242 FROM PUBLIC',
    /^owners or rights of large objects differ/,
    'GRANT SELECT ON LARGE OBJECT 424242 TO PUBLIC',
  ],
  [
    'who may connect',
    'DO $$ BEGIN EXECUTE format($q$GRANT CONNECT ON DATABASE %I TO PUBLIC$q$, current_database()); END $$',
    /^settings of the database differ: .*GRANT TEMPORARY/,
    'DO $$ BEGIN EXECUTE format($q$REVOKE CONNECT ON DATABASE %I FROM PUBLIC$q$, current_database()); END $$',
  ],
  [
    'a view without rows',
    'REFRESH MATERIALIZED VIEW odd.twice WITH NO DATA',
    /^materialised views without rows: odd\.twice/,
    'REFRESH MATERIALIZED VIEW odd.twice',
  ],
];

test('each kind of difference is found, and nothing where there is none', async () => {
  const file = await backedUp();
  const texts = await textsOf(file);
  const copy = await emptyDatabase();
  const { manifest } = await restoreArchive(copy.url, archiveOf(file), { signal });
  const compare = async (of: Manifest) =>
    (await compareWithBackup(copy.url, of, { texts }, signal)).differences;
  expect(await compare(manifest)).toEqual([]);
  for (const [what, change, difference, back] of changes) {
    await administer(copy.url, change);
    expect(await compare(manifest), what).toEqual([expect.stringMatching(difference)]);
    await administer(copy.url, back);
  }
  // All were put right, and several at once are named all.
  expect(await compare(manifest)).toEqual([]);
  await administer(
    copy.url,
    ...changes
      .filter(([what]) => /row is|index|sequence stands/.test(what))
      .map(([, change]) => change),
  );
  expect(await compare(manifest)).toHaveLength(3);
}, 400_000);

test('a copy that its server changes while it is restored is no proof, which is noted', async () => {
  const database = await testDatabase();
  await administer(
    database.url,
    'CREATE TABLE public.kept (a int, b text)',
    "INSERT INTO public.kept VALUES (1, 'one'), (2, 'two')",
  );
  const { id, file } = await take(database, backupFolder());
  const scratch = await emptyDatabase();
  // It takes a row away as soon as there is a table of this name with rows.
  await administer(
    scratch.url,
    'CREATE SCHEMA meddler',
    `CREATE FUNCTION meddler.take() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
       IF to_regclass('public.kept') IS NOT NULL THEN DELETE FROM public.kept WHERE a = 2; END IF;
     END $$`,
    `CREATE EVENT TRIGGER meddling ON ddl_command_end WHEN TAG IN ('CREATE INDEX') EXECUTE FUNCTION meddler.take()`,
  );
  const request = { id, file: file!, scratch: scratch.url, signal };
  const refused = verifyBackup({ ...database, actor }, request);
  await expect(refused).rejects.toThrow(UnprovenError);
  await expect(refused).rejects.toThrow('"public"."kept" has 1 rows, and 2 in the backup');
  const row = await database.db.selectFrom('engine.backups').selectAll().executeTakeFirstOrThrow();
  expect(row.proven_at).toBeNull();
  expect(row.proof_error).toContain('"kept" has 1 rows');
}, 400_000);

test('what follows an unchecked foreign key is compared, too', async () => {
  const database = await testDatabase();
  const { file, manifest } = await take(database, backupFolder());
  const texts = await textsOf(file!);
  const key = /ALTER TABLE ONLY public\.(\w+)\n +ADD CONSTRAINT (\w+) FOREIGN KEY [^;]*;/.exec(
    texts.postData,
  )!;
  const [, table, constraint] = key as unknown as [string, string, string];
  const copy = await emptyDatabase();
  await restoreArchive(copy.url, archiveOf(file!), { signal });
  const definition = key[0].slice(0, -1);
  await administer(
    copy.url,
    `ALTER TABLE public.${table} DROP CONSTRAINT ${constraint}`,
    `${definition} NOT VALID`,
  );
  const name: ForeignKey = { schema: 'public', table, constraint };
  const compare = async (notValid: ForeignKey[]) =>
    (await compareWithBackup(copy.url, manifest, { texts, notValid }, signal)).differences;
  expect(await compare([])).toEqual([expect.stringContaining('NOT VALID')]);
  expect(await compare([name])).toEqual([]);
  await administer(
    copy.url,
    'DROP POLICY IF EXISTS meddled ON public.bots; CREATE POLICY meddled ON public.bots USING (true)',
  );
  expect(await compare([name])).toEqual([expect.stringMatching(/^post-data differs/)]);
}, 400_000);
