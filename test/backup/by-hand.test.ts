/** The way of docs/backup.md without Roundsman: age, zstd, tar, and the Python program that stands there. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { open } from '../../src/backup/archive/seal.ts';
import { compareWithBackup } from '../../src/backup/restore/compare.ts';
import { readArchive } from '../../src/backup/restore/read-archive.ts';
import { emptyDatabase, testDatabase } from '../support/database.ts';
import { administer } from '../support/postgres.ts';
import { backupFolder, plantOddities, take } from './scene.ts';

const python = '/usr/bin/python3';

const works = (program: string, ...args: string[]) => {
  try {
    execFileSync(program, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

const missing = [
  ...(works('age', '--version') ? [] : ['age']),
  ...(works('zstd', '--version') ? [] : ['zstd']),
  ...(works(python, '-c', 'import psycopg2') ? [] : [`psycopg2 of ${python}`]),
];
const without = missing.length > 0 ? ` (needs ${missing.join(', ')})` : '';

const guide = readFileSync(new URL('../../docs/backup.md', import.meta.url), 'utf8');

test.skipIf(missing.length > 0)(
  `the commands of the guide restore all of it${without}`,
  async () => {
    const database = await testDatabase();
    await plantOddities(database);
    await administer(
      database.url,
      `CREATE FUNCTION odd.lines() RETURNS text LANGUAGE sql AS E'SELECT ''a\\r\\nb'' || ''100 %s'''`,
    );
    const place = backupFolder();
    const identity = await generateX25519Identity();
    writeFileSync(join(place, 'key.txt'), `${identity}\n`);
    const { file } = await take(database, place, {
      recipients: [await identityToRecipient(identity)],
    });

    const [, commands] = /## Restore without Roundsman\n\n((?: {4}.*\n)+)/.exec(guide)!;
    const named = commands!.replaceAll(/platform-\S+\.tar\.zst\.age/g, file!);
    execFileSync('/bin/sh', ['-e', '-c', named], { cwd: place, stdio: 'pipe' });

    const target = await emptyDatabase();
    const [, program] = /```python\n([\s\S]*?)```/.exec(guide)!;
    const { hostname, port, username, password } = new URL(target.url);
    execFileSync(python, ['-c', program!.replace('platform_restored', target.name)], {
      cwd: place,
      stdio: 'pipe',
      env: {
        PATH: process.env.PATH,
        LC_ALL: 'C',
        PGHOST: hostname,
        PGPORT: port,
        PGUSER: username,
        PGPASSWORD: decodeURIComponent(password),
      },
    });
    const texts = new Map<string, string>();
    const plain = open(
      (async function* () {
        yield readFileSync(file!);
      })(),
      [identity],
    );
    const manifest = await readArchive(plain, ({ name, data }) => {
      if (name.endsWith('.sql')) texts.set(name, data.toString());
    });
    const of = (name: string) => texts.get(name)!;
    const { differences } = await compareWithBackup(
      target.url,
      manifest,
      {
        texts: {
          preData: of('pre-data.sql'),
          postData: of('post-data.sql'),
          sequences: of('sequences.sql'),
          eventTriggers: of('event-triggers.sql'),
        },
      },
      new AbortController().signal,
    );
    expect(differences).toEqual([]);
    const off = /`(UPDATE engine\.settings SET value = [^`]*)`/.exec(guide)![1]!;
    await sql.raw(off).execute(target.db);
  },
  240_000,
);
