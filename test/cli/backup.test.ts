/** `db backup`, `db backups`, `db backup verify` and `db restore` as people type them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { connectAlone } from '../../src/database/connect.ts';
import { backupFolder, backupsIn, take } from '../backup/scene.ts';
import { emptyDatabase, testDatabase } from '../support/database.ts';
import { administer } from '../support/postgres.ts';
import { roundsman, start } from './command.ts';

const minutes = 4 * 60_000;

test(
  'one is made, listed, verified and restored; an old one and a damaged one say so',
  async () => {
    const { url } = await testDatabase();
    const folder = backupFolder();
    expect(await roundsman(url, 'db', 'backups', '--json').then((ended) => ended.json())).toEqual(
      [],
    );
    expect(await roundsman(url, 'db', 'backup', 'verify')).toMatchObject({
      code: 3,
      err: expect.stringContaining('none has succeeded yet'),
    });
    const none = await roundsman(url, 'db', 'backup', '--as', 'ann');
    expect(none).toMatchObject({ code: 2, out: '' });
    expect(none.err).toContain('backup_folder is not set');

    const made = await roundsman(
      url,
      'db',
      'backup',
      '--to-folder',
      folder,
      '--no-proof',
      '--json',
    );
    expect(made).toMatchObject({ code: 0 });
    const { id, file, tables, rows } = made.json();
    expect(made.json()).toMatchObject({
      proven: false,
      unproven: 'it was made without a proof',
      removed: 0,
    });
    expect(backupsIn(folder)).toEqual([file.slice(folder.length + 1)]);

    const listed = async () => (await roundsman(url, 'db', 'backups', '--json')).json();
    expect(await listed()).toMatchObject([
      { id, outcome: 'success', proven_at: null, rows: String(rows) },
    ]);
    const verified = await roundsman(url, 'db', 'backup', 'verify', id.slice(0, 8));
    expect(verified).toMatchObject({ code: 0 });
    expect(verified.out).toContain(`Proven: ${tables} tables`);
    expect((await listed())[0]).toMatchObject({ proven_at: expect.any(String), proof_error: null });
    expect((await roundsman(url, 'db', 'backups')).out).toContain('proven');

    const target = await emptyDatabase();
    const restored = await roundsman(target.url, 'db', 'restore', file);
    expect(restored, restored.err).toMatchObject({ code: 0 });
    expect(restored.out).toContain(`Restored ${tables} tables`);
    expect(restored.out).toContain('The mode is off');
    expect(restored.out).not.toContain('db migrate');

    // A database with one row is not touched, and what it has is named.
    const used = await emptyDatabase();
    await administer(
      used.url,
      'CREATE TABLE public.mine (a int)',
      'INSERT INTO public.mine VALUES (1)',
    );
    const refused = await roundsman(used.url, 'db', 'restore', file);
    expect(refused.code).not.toBe(0);
    expect(refused.err).toContain('the database is not empty: it has public.mine');
    expect((await sql`SELECT a FROM public.mine`.execute(used.db)).rows).toEqual([{ a: 1 }]);

    const bytes = readFileSync(file);
    for (const [what, changed] of [
      ['a truncated file', bytes.subarray(0, bytes.length - 300)],
      ['an empty file', Buffer.alloc(0)],
      ['another file', Buffer.from('no backup at all\n')],
      ['a flipped bit', Buffer.from(bytes).fill(bytes[9_000]! ^ 1, 9_000, 9_001)],
    ] as const) {
      writeFileSync(file, changed);
      const empty = await emptyDatabase();
      const damaged = await roundsman(empty.url, 'db', 'restore', file);
      expect(damaged.code, what).not.toBe(0);
      expect(damaged.err, what).toContain('cannot be read as it was written');
      const { rows: left } =
        await sql`SELECT FROM pg_tables WHERE schemaname IN ('public', 'engine')`.execute(empty.db);
      expect(left, what).toHaveLength(0);
    }
    expect((await roundsman(url, 'db', 'backup', 'verify')).code).toBe(1);
    expect((await listed())[0]).toMatchObject({ proof_error: expect.any(String) });
    rmSync(file);
    expect((await roundsman(url, 'db', 'backup', 'verify')).err).toContain(
      'no regular file has this name',
    );
  },
  minutes,
);

test(
  'an encrypted one needs the right identity',
  async () => {
    const { url } = await testDatabase();
    const folder = backupFolder();
    const [mine, other] = [await generateX25519Identity(), await generateX25519Identity()];
    const [right, wrong] = [join(folder, '.right'), join(folder, '.wrong')];
    writeFileSync(right, `${mine}\n`);
    writeFileSync(wrong, `${other}\n`);
    const recipient = await identityToRecipient(mine);
    const made = await roundsman(
      url,
      'db',
      'backup',
      '--to-folder',
      folder,
      '--recipient',
      recipient,
      '--no-proof',
      '--json',
    );
    const { file } = made.json();
    const target = await emptyDatabase();
    const restore = (...args: string[]) => roundsman(target.url, 'db', 'restore', file, ...args);
    expect((await restore()).err).toContain('it is encrypted, and no identity was given');
    expect((await restore('--identity', wrong)).err).toContain('none of the identities opens it');
    expect((await restore('--identity', join(folder, 'none'))).err).toContain('ENOENT');
    const bad = await roundsman(url, 'db', 'backup', '--to-folder', folder, '--recipient', mine);
    expect(bad).toMatchObject({ code: 2 });
    expect(bad.err).toContain('it is an identity, which has to stay secret');
    expect(bad.err + bad.out).not.toContain(mine);
    expect(await restore('--identity', right)).toMatchObject({ code: 0 });

    // As a hand in the table leaves it.
    await administer(
      url,
      `INSERT INTO engine.settings (key, value) VALUES ('backup_recipients', '["age1old"]')`,
    );
    const stored = await roundsman(url, 'db', 'backup', '--to-folder', folder, '--no-proof');
    expect(stored).toMatchObject({ code: 2 });
    expect(stored.err.replaceAll(/\s+/g, ' ')).toContain(
      'in the setting backup_recipients: "age1old" is no recipient of age',
    );
  },
  minutes,
);

test(
  'folders that cannot hold backups are refused, and nothing is written through a link',
  async () => {
    const { url } = await testDatabase();
    const folder = backupFolder();
    const backup = (to: string) => roundsman(url, 'db', 'backup', '--to-folder', to, '--no-proof');
    expect((await backup(join(folder, 'none'))).err).toContain('there is no such directory');
    const open = join(folder, 'open');
    mkdirSync(open);
    chmodSync(open, 0o777);
    const refused = await backup(open);
    expect(refused).toMatchObject({ code: 2 });
    expect(refused.err).toContain(`${open} can be written by other users`);
    expect(readdirSync(open)).toEqual([]);
    if (process.getuid?.() === 0) {
      // Whoever owns a directory on the way can put another one in its place.
      const foreign = join(folder, 'foreign');
      mkdirSync(join(foreign, 'inner'), { recursive: true });
      chownSync(foreign, 65_534, 65_534);
      const inner = await backup(join(foreign, 'inner'));
      expect(inner.err).toContain(`${foreign} belongs to another user (id 65534)`);
    }
    const link = join(folder, 'link');
    symlinkSync('/etc/hostname', link);
    expect((await backup(link)).err).toContain('there is no such directory');
    const place = join(folder, 'place');
    mkdirSync(place, { mode: 0o755 });
    expect(await backup(place)).toMatchObject({ code: 0 });
    expect(readdirSync(place).map((name) => statSync(join(place, name)).mode & 0o777)).toEqual([
      0o600,
    ]);
  },
  minutes,
);

/** A table with so many rows that its backup is still being written when the file has begun. */
const many =
  'CREATE TABLE public.many AS SELECT n, md5(n::text) AS a FROM generate_series(1, 400000) n';

async function untilPartial(folder: string): Promise<void> {
  while (!readdirSync(folder).some((name) => name.endsWith('.partial')))
    await new Promise((resolve) => setTimeout(resolve, 5));
}

test(
  'a second one at the same time is refused; a stop leaves nothing; a killed one is shown as lost',
  async () => {
    const { url } = await testDatabase();
    await administer(url, many);
    const folder = backupFolder();
    const args = ['db', 'backup', '--to-folder', folder, '--no-proof'];
    const outcomes = async () =>
      (await roundsman(url, 'db', 'backups', '--json'))
        .json()
        .map(({ outcome }: { outcome: string }) => outcome);

    // While this session holds the table, the backup waits.
    const holder = await connectAlone(url, { name: 'roundsman test' });
    const held = async () => {
      await holder.query('BEGIN; LOCK TABLE public.many IN ACCESS EXCLUSIVE MODE');
    };
    await held();
    const first = start(url, args);
    while (!(await outcomes()).includes('running'))
      await new Promise((resolve) => setTimeout(resolve, 20));
    const second = await roundsman(url, ...args);
    expect(second.code).not.toBe(0);
    expect(second.err).toContain('another process is making one of this database');
    first.stop('SIGTERM');
    const stopped = await first.ended;
    expect(stopped.code).toBe(130);
    expect(stopped.err).toContain('the signal SIGTERM');
    expect(readdirSync(folder)).toEqual([]);
    expect(await outcomes()).toEqual(['failed']);
    await holder.query('ROLLBACK');

    const bin = join(import.meta.dirname, '../../src/bin/roundsman.js');
    const child = spawn(process.execPath, [bin, ...args], {
      env: { PATH: process.env.PATH, DATABASE_URL: url },
      stdio: 'ignore',
    });
    const ended = once(child, 'exit');
    await untilPartial(folder);
    child.kill('SIGKILL');
    await ended;
    expect(backupsIn(folder)).toEqual([]);
    // The server notices the end of the process a moment later.
    while ((await outcomes())[0] === 'running')
      await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await outcomes()).toEqual(['lost', 'failed']);
    expect(await roundsman(url, ...args)).toMatchObject({ code: 0 });
    expect(readdirSync(folder).filter((name) => name.endsWith('.partial'))).toEqual([]);
    expect(await outcomes()).toEqual(['success', 'lost', 'failed']);
    await holder.end();
  },
  minutes,
);

test('a backup of an older version says after its restore that the database is to be migrated', async () => {
  const older = await testDatabase();
  await sql`
    DELETE FROM engine.kysely_migration WHERE name = (SELECT max(name) FROM engine.kysely_migration)`.execute(
    older.db,
  );
  const { file } = await take(older, backupFolder());
  const target = await emptyDatabase();
  const restored = await roundsman(target.url, 'db', 'restore', file!);
  expect(restored, restored.err).toMatchObject({ code: 0 });
  expect(restored.out).toContain(
    'of an older version of Roundsman: `npx roundsman db migrate` brings the database to this one (1 migration)',
  );
}, 60_000);
