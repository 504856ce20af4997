/** A backup of a whole database: proven by a restored copy, or refused with the reason. */
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { sql } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';
import { HiddenFromBackupError } from '../../src/backup/read/inventory.ts';
import { RestoreFailedError } from '../../src/backup/restore/failed.ts';
import { BackupCommandError } from '../../src/backup/output/command.ts';
import { connectAlone } from '../../src/database/connect.ts';
import { verifyBackup } from '../../src/services/backups/verify.ts';
import { BackupUnderWayError } from '../../src/services/backups/one-at-a-time.ts';
import { beginBackup } from '../../src/transitions/backups/begin.ts';
import { emptyDatabase, testDatabase, type TestDatabase } from '../support/database.ts';
import { administer } from '../support/postgres.ts';
import { actor, backupFolder, backupsIn, take } from './scene.ts';

const signal = new AbortController().signal;
const rowsOf = (db: TestDatabase['db']) =>
  db.selectFrom('engine.backups').selectAll().orderBy('began_at').execute();

test('rows that are written meanwhile are in it wholly or not at all', async () => {
  const database = await testDatabase();
  await administer(
    database.url,
    'CREATE TABLE public.one (id int PRIMARY KEY); CREATE TABLE public.two (id int REFERENCES public.one)',
    'INSERT INTO public.one SELECT generate_series(1, 50000)',
    'INSERT INTO public.two SELECT generate_series(1, 50000)',
  );
  const writer = await connectAlone(database.url, { name: 'roundsman test' });
  let isWriting = true;
  let written = 50_000;
  const writing = (async () => {
    for (; isWriting; written += 1)
      await writer.query(
        `BEGIN; INSERT INTO public.one VALUES (${written + 1}); INSERT INTO public.two VALUES (${written + 1}); COMMIT`,
      );
  })();
  const folder = backupFolder();
  const taken = await take(database, folder, { prove: true });
  isWriting = false;
  await writing;
  await writer.end();
  expect(taken).toMatchObject({ proven: true, unproven: null });
  const counts = taken.manifest.tables
    .filter(({ name }) => name === 'one' || name === 'two')
    .map(({ rows }) => rows);
  expect(counts[0]).toBe(counts[1]);
  expect(counts[0]).toBeGreaterThanOrEqual(50_000);
  expect(written).toBeGreaterThan(50_000);
});

test('a login that would lose rows to row level security is refused, and the tables are named', async () => {
  const database = await testDatabase();
  const role = `weak_${database.name}`;
  await administer(
    database.url,
    `CREATE ROLE ${role} LOGIN PASSWORD 'weak'`,
    `GRANT USAGE ON SCHEMA public, engine, auth, private TO ${role}`,
    `GRANT SELECT ON ALL TABLES IN SCHEMA public, engine, auth TO ${role}`,
  );
  const url = new URL(database.url);
  [url.username, url.password] = [role, 'weak'];
  const folder = backupFolder();
  try {
    const refused = take({ db: database.db, url: url.href }, folder);
    await expect(refused).rejects.toThrow(HiddenFromBackupError);
    await expect(refused).rejects.toThrow(/public\.\w+/);
    expect(backupsIn(folder)).toEqual([]);
    expect(await rowsOf(database.db)).toMatchObject([{ outcome: 'failed' }]);
  } finally {
    await administer(database.url, `DROP OWNED BY ${role}`, `DROP ROLE ${role}`);
  }
});

test('a flipped bit in the file fails its verification, which is noted', async () => {
  const database = await testDatabase();
  const folder = backupFolder();
  const { id, file } = await take(database, folder);
  const bytes = readFileSync(file!);
  bytes[Math.floor(bytes.length / 2)]! ^= 4;
  chmodSync(file!, 0o600);
  writeFileSync(file!, bytes);
  const request = { id, file: file!, signal };
  await expect(verifyBackup({ ...database, actor }, request)).rejects.toThrow();
  const [row] = await rowsOf(database.db);
  expect(row!.proof_error).not.toBeNull();
  expect(row!.proven_at).toBeNull();
});

test('an encrypted one is proven without the identity, and opened later with the right one only', async () => {
  const database = await testDatabase();
  const folder = backupFolder();
  const [mine, other] = [await generateX25519Identity(), await generateX25519Identity()];
  const taken = await take(database, folder, {
    recipients: [await identityToRecipient(mine)],
    prove: true,
  });
  expect(taken).toMatchObject({ proven: true });
  expect(taken.file).toMatch(/\.tar\.zst\.age$/);
  const [right, wrong] = [join(folder, '.right'), join(folder, '.wrong')];
  writeFileSync(right, `# created: today\n${mine}\n`);
  writeFileSync(wrong, `${other}\n`);
  const request = { id: taken.id, file: taken.file!, signal };
  await expect(
    verifyBackup({ ...database, actor }, { ...request, identity: wrong }),
  ).rejects.toThrow('none of the identities opens it');
  // A wrong key says nothing about the backup.
  expect((await rowsOf(database.db))[0]).toMatchObject({ proof_error: null });
  const { manifest } = await verifyBackup({ ...database, actor }, { ...request, identity: right });
  expect(manifest.id).toBe(taken.id);
});

test('a verification restores into a database that was named, and only where it is empty', async () => {
  const database = await testDatabase();
  const { file } = await take(database, backupFolder());
  const scratch = await emptyDatabase();
  const verify = () =>
    verifyBackup({ ...database, actor }, { file: file!, scratch: scratch.url, signal });
  await expect(verify()).resolves.toMatchObject({ manifest: { format: 'roundsman-backup' } });
  await expect(verify()).rejects.toThrow('the database is not empty');
});

test('two at the same time: the second one is refused', async () => {
  const database = await testDatabase();
  const folder = backupFolder();
  const holder = await connectAlone(database.url, { name: 'roundsman test' });
  await holder.query(`SELECT pg_advisory_lock(hashtextextended('roundsman backup', 0))`);
  await expect(take(database, folder)).rejects.toThrow(BackupUnderWayError);
  await holder.end();
  await expect(take(database, folder)).resolves.toMatchObject({
    unproven: 'it was made without a proof',
  });
});

test('a stopped backup leaves no file, and says why it failed', async () => {
  const database = await testDatabase();
  const folder = backupFolder();
  const stop = new AbortController();
  const stopped = take(database, folder, {
    signal: stop.signal,
    onRows: () => stop.abort(new Error('stopped by a test')),
  });
  await expect(stopped).rejects.toThrow('stopped by a test');
  expect(backupsIn(folder)).toEqual([]);
  expect(await rowsOf(database.db)).toMatchObject([
    { outcome: 'failed', error_message: 'stopped by a test' },
  ]);
});

test('a command that fails, or does not take everything, has no backup', async () => {
  const database = await testDatabase();
  const folder = backupFolder();
  for (const command of [
    'cat > /dev/null; echo broken >&2; exit 3',
    'head -c 100 > /dev/null',
    'exit 1',
  ])
    await expect(take(database, folder, { target: { command } }), command).rejects.toThrow(
      BackupCommandError,
    );
  const file = join(folder, 'taken');
  const taken = await take(database, folder, {
    target: { command: `cat > '${file}'`, back: `cat '${file}'` },
    prove: true,
  });
  expect(taken).toMatchObject({ proven: true, file: null });
});

test('old ones are removed, but never the newest, nor the newest proven one', async () => {
  const database = await testDatabase();
  const folder = backupFolder();
  const first = await take(database, folder, { prove: true });
  const second = await take(database, folder);
  const third = await take(database, folder);
  await sql`UPDATE engine.backups SET began_at = began_at - interval '40 days'`.execute(
    database.db,
  );
  const newest = await take(database, folder);
  expect(newest.removed).toBe(2);
  expect(backupsIn(folder).toSorted()).toEqual(
    [first, newest].map(({ file }) => file!.slice(folder.length + 1)).toSorted(),
  );
  const rows = await rowsOf(database.db);
  expect(rows.filter(({ removed_at: removed }) => removed !== null).map(({ id }) => id)).toEqual(
    expect.arrayContaining([second.id, third.id]),
  );
});

test('the last good one stays when newer ones were damaged, or removed by hand, or a clock was wrong', async () => {
  const database = await testDatabase();
  const folder = backupFolder();
  const [good, damaged, gone, future] = [
    await take(database, folder),
    await take(database, folder),
    await take(database, folder),
    await take(database, folder),
  ];
  await sql`
    UPDATE engine.backups SET began_at = began_at - interval '50 days', proven_at = engine.now(),
      proof_failed_at = CASE WHEN id = ${damaged.id} THEN engine.now() END, proof_error = CASE WHEN id = ${damaged.id} THEN 'a bit' END
    WHERE id <> ${future.id}`.execute(database.db);
  rmSync(gone.file!);
  // One of the future, from a clock that was wrong, hides none of the others.
  await sql`UPDATE engine.backups SET began_at = began_at + interval '900 days' WHERE id = ${future.id}`.execute(
    database.db,
  );
  const newest = await take(database, folder);
  expect(newest.removed).toBe(2);
  expect(backupsIn(folder).toSorted()).toEqual(
    [good, future, newest].map(({ file }) => file!.slice(folder.length + 1)).toSorted(),
  );
});

test('what is only away, as on a disk that is not mounted, is not noted as removed', async () => {
  const database = await testDatabase();
  const folder = backupFolder();
  await take(database, folder);
  await take(database, folder);
  const killed = await beginBackup(database.db, {
    folder,
    host: hostname(),
    encrypted: false,
    by: 'ann',
  });
  const partial = `.platform-20261201T000000Z-${killed.id.slice(0, 8)}.tar.zst.partial`;
  writeFileSync(join(folder, partial), 'begun');
  await sql`UPDATE engine.backups SET began_at = began_at - interval '40 days'`.execute(
    database.db,
  );
  const away = `${folder}-away`;
  renameSync(folder, away);
  mkdirSync(folder, { mode: 0o700 });
  onTestFinished(() => rmSync(away, { recursive: true, force: true }));
  // Two nights without the disk: the second one finds the file of the first.
  for (const night of [1, 2]) {
    expect(await take(database, folder), `night ${night}`).toMatchObject({ removed: 0 });
    expect((await rowsOf(database.db)).map((row) => row.removed_at)).toEqual(
      Array.from({ length: 3 + night }, () => null),
    );
  }
  rmSync(folder, { recursive: true });
  renameSync(away, folder);
  // It is back: what is old goes, and what was begun is cleared.
  expect(await take(database, folder)).toMatchObject({ removed: 2 });
  expect(readdirSync(folder)).toHaveLength(1);
});

test('what a restore cannot make rolls everything back', async () => {
  const database = await testDatabase();
  const { file } = await take(database, backupFolder());
  const target = await emptyDatabase();
  // The server has this function already, in the way of the backup's own.
  await administer(
    target.url,
    'CREATE SCHEMA engine; CREATE FUNCTION engine.now() RETURNS int LANGUAGE sql RETURN 1',
  );
  const failed = verifyBackup({ ...database, actor }, { file: file!, scratch: target.url, signal });
  await expect(failed).rejects.toThrow(RestoreFailedError);
  const { rows } =
    await sql`SELECT FROM pg_tables WHERE schemaname IN ('public', 'engine')`.execute(target.db);
  expect(rows).toHaveLength(0);
});
