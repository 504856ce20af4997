/** Migrations are only added to: what a release has applied stays as it was, and a newer database refuses an older engine. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { ownVersion } from '../../src/database/migrate/version.ts';
import { roundsman } from '../cli/command.ts';
import { testDatabase } from '../support/database.ts';
import { digests, frozen } from './freeze-migrations.ts';

test('no migration of a release was edited, removed or renamed', () => {
  const now = digests();
  const changed = Object.entries(frozen()).filter(([path, digest]) => now[path] !== digest);
  expect(Object.keys(frozen()).length).toBeGreaterThan(140);
  expect(
    changed.map(([path]) => path),
    'add a new migration instead',
  ).toEqual([]);
});

test('a migration that is added comes after all that were released', () => {
  const last = Object.keys(frozen())
    .map((path) => path.replace(/^.*\//, ''))
    .toSorted()
    .at(-1)!;
  const added = Object.keys(digests()).filter((path) => !(path in frozen()) && !path.includes('/'));
  expect(added.filter((path) => path <= last)).toEqual([]);
});

test('an engine that is older than its database says which version it needs, and changes nothing', async () => {
  const { db, url } = await testDatabase();
  expect(
    await sql`SELECT value FROM engine.settings WHERE key = 'migrated_by'`.execute(db),
  ).toMatchObject({
    rows: [{ value: ownVersion() }],
  });
  await sql`INSERT INTO engine.kysely_migration (name, timestamp) VALUES ('vz_99_later', now()::text), ('vz_98_later', now()::text)`.execute(
    db,
  );
  await sql`UPDATE engine.settings SET value = '"9.4.0"' WHERE key = 'migrated_by'`.execute(db);
  for (const args of [['bots', 'list'], ['worker'], ['db', 'migrate'], ['round']]) {
    const { code, err } = await roundsman(url, ...args);
    expect({ args, code, err }).toEqual({
      args,
      code: 1,
      err: expect.stringContaining('this Roundsman is older than its database'),
    });
    expect(err).toContain(
      `version 9.4.0 has applied vz_98_later and 1 more migrations, and this is version ${ownVersion()}`,
    );
    expect(err).toContain('install version 9.4.0 or a newer one');
  }
  const doctor = await roundsman(url, 'doctor');
  expect(doctor).toMatchObject({
    code: 1,
    out: expect.stringMatching(/^fail +Schema +this Roundsman is older/m),
  });
}, 240_000);
