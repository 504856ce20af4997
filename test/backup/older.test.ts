/** Servers before the bundled version, those that are installed here: a backup is restored into the same version and the bundled one. */
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { machineDumper } from '../../src/backup/dump/dump-schema.ts';
import { pgDumpInProcess } from '../../src/backup/dump/pg-dump-in-process.ts';
import { connect } from '../../src/database/connect.ts';
import { migrateToLatest } from '../../src/database/migrate/migrate.ts';
import { verifyBackup } from '../../src/services/backups/verify.ts';
import { administer, inDatabase } from '../support/postgres.ts';
import { olderServers, startOlder } from '../support/older-servers.ts';
import { actor, backupFolder, plantOddities, take } from './scene.ts';
import { ownFolder } from '../support/own-folder.ts';

const { signal } = new AbortController();

test.skipIf(olderServers.length === 0).each(olderServers)(
  'PostgreSQL $major',
  async (programs) => {
    const server = await startOlder(programs);
    await administer(
      server.url,
      'CREATE DATABASE platform TEMPLATE template0',
      'CREATE DATABASE scratch TEMPLATE template0',
    );
    const url = inDatabase(server.url, 'platform');
    const db = connect(url);
    onTestFinished(() => db.destroy());
    await migrateToLatest(db);
    await plantOddities({ url });
    const taken = await take({ db, url }, backupFolder(), { prove: true });
    expect(taken).toMatchObject({ unproven: null, proven: true });
    expect(taken.manifest.serverMajor).toBe(programs.major);
    const scratch = inDatabase(server.url, 'scratch');
    await expect(
      verifyBackup({ db, actor }, { file: taken.file!, scratch, signal }),
    ).resolves.toMatchObject({ manifest: { id: taken.id } });
  },
  600_000,
);

test.skipIf(olderServers.length === 0)(
  'a pg_dump of the machine says the same as the bundled one, and gets the password in its environment',
  async () => {
    const [programs] = olderServers as [(typeof olderServers)[number]];
    const server = await startOlder(programs);
    await plantOddities(server);
    const place = ownFolder('roundsman-dumper-');
    chmodSync(place, 0o755);
    const dumper = machineDumper(join(programs.bin, 'pg_dump'), String(programs.major));
    for (const section of ['pre-data', 'post-data'] as const) {
      const own = await dumper.dump(server.url, section, { args: [], signal });
      const bundled = await pgDumpInProcess(
        server.url,
        ['--schema-only', `--section=${section}`],
        signal,
      );
      expect(own).not.toMatch(/^\\(un)?restrict/m);
      // Versions write statements in their own words, and the same objects in the same order.
      const objects = (text: string) => text.match(/^-- Name: .*/gm);
      expect(objects(own)).toEqual(objects(bundled));
      expect(objects(own)!.length).toBeGreaterThan(10 * Number(section === 'pre-data'));
    }
    const wrong = server.url.replace('/postgres', '/nothing');
    await expect(dumper.dump(wrong, 'pre-data', { args: [], signal })).rejects.toThrow('nothing');
  },
  120_000,
);
