/**
 * The 36 tables of a filled platform are the same bytes after a restore: from PostgreSQL 18, and from each older server that is installed
 * here, into that version and into the bundled one; and from a database like Supabase's on each. OLDER_POSTGRES names directories of
 * programs (../support/older-servers.ts).
 */
import { createReadStream } from 'node:fs';
import { expect, inject, onTestFinished, test } from 'vitest';
import { open } from '../../src/backup/archive/seal.ts';
import { restoreArchive } from '../../src/backup/restore/restore.ts';
import { connect, pool } from '../../src/database/connect.ts';
import { migrateToLatest } from '../../src/database/migrate/migrate.ts';
import { seedFiction } from '../../src/demo/seed.ts';
import { matrix } from '../data/rls-matrix.ts';
import { emptyDatabase, testDatabase } from '../support/database.ts';
import { olderServers, startOlder, type Programs } from '../support/older-servers.ts';
import { administer, inDatabase } from '../support/postgres.ts';
import { supabaseDatabase } from '../support/supabase.ts';
import { tableBytes } from './all-tables.ts';
import { backupFolder, take } from './scene.ts';

const { signal } = new AbortController();

/** The 36 tables of the platform's document; the engine adds some. */
const documented = [...new Set(matrix.map(({ table }) => table))];

const servers: (Programs | { major: 18; bin: null })[] = [
  { major: 18, bin: null },
  ...olderServers,
];

/** The address of a server of this version, as its superuser; ends with the test. */
const serverOf = async ({ bin, major }: (typeof servers)[number]): Promise<string> =>
  bin === null ? inject('postgresUrl') : (await startOlder({ bin, major })).url;

async function made(server: string, name: string): Promise<string> {
  await administer(
    server,
    `DROP DATABASE IF EXISTS ${name}`,
    `CREATE DATABASE ${name} TEMPLATE template0`,
  );
  onTestFinished(() => administer(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
  return inDatabase(server, name);
}

async function fill(url: string): Promise<void> {
  const connections = pool(url);
  try {
    await seedFiction(connections, 'small', 1);
  } finally {
    await connections.end();
  }
}

const restored = async (file: string, url: string) => {
  const { broken, missingKeys, notValid } = await restoreArchive(
    url,
    open(createReadStream(file), []),
    { signal },
  );
  expect({ broken, missingKeys, notValid }).toEqual({
    broken: [],
    missingKeys: [],
    notValid: [],
  });
  return tableBytes(url);
};

test.each(servers)(
  'PostgreSQL $major: a filled platform',
  async (programs) => {
    const server = await serverOf(programs);
    const url = await made(server, 'majors_source');
    const db = connect(url);
    onTestFinished(() => db.destroy());
    await migrateToLatest(db);
    await fill(url);
    const { file, manifest } = await take({ db, url }, backupFolder());
    expect(manifest.serverMajor).toBe(programs.major);
    const before = await tableBytes(url);
    expect(documented.filter((table) => !(table in before))).toEqual([]);
    const rows = Object.values(before).reduce((sum, each) => sum + each.rows, 0);
    const bytes = Object.values(before).reduce((sum, each) => sum + each.bytes, 0);
    console.log(
      `PostgreSQL ${manifest.server}: ${Object.keys(before).length} tables, ${rows} rows, ${bytes} bytes`,
    );
    expect(rows).toBeGreaterThan(10_000);
    expect(await restored(file!, await made(server, 'majors_copy'))).toEqual(before);
    if (programs.bin !== null)
      expect(await restored(file!, (await emptyDatabase()).url)).toEqual(before);
  },
  900_000,
);

test.each(servers)(
  'PostgreSQL $major: a database like that of Supabase',
  async (programs) => {
    const server = await serverOf(programs);
    const database = await supabaseDatabase(server);
    await migrateToLatest(database.db);
    const asSuperuser = inDatabase(server, database.name);
    await fill(asSuperuser);
    // The one of the tests has its table of backups; here the login is that of Supabase.
    const { db } = await testDatabase();
    const { file } = await take({ db, url: database.url }, backupFolder());
    const before = await tableBytes(asSuperuser);
    expect(documented.filter((table) => !(table in before))).toEqual([]);
    expect(await restored(file!, (await emptyDatabase()).url)).toEqual(before);
  },
  900_000,
);
