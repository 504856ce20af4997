/** `npm run catalogue`: writes what surveyor expects, from databases of a server of its own that were just migrated. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '../../src/database/connect.ts';
import { startThrowaway } from '../../src/database/embedded/throwaway.ts';
import { migrateToLatest } from '../../src/database/migrate/migrate.ts';
import { administer, inDatabase } from '../support/postgres.ts';
import { snapshotOf } from './catalogue-snapshot.ts';

const directory = mkdtempSync(join(tmpdir(), 'roundsman-catalogue-'));
// Postgres runs as another user where this one is root.
chmodSync(directory, 0o755);
const server = await startThrowaway(join(directory, 'server'), { fsync: false });
try {
  for (const extent of ['whole', 'bots'] as const) {
    await administer(server.url, `CREATE DATABASE only_${extent}`);
    const db = connect(inDatabase(server.url, `only_${extent}`));
    try {
      await migrateToLatest(db, { only: extent === 'bots' ? 'bots' : undefined });
      const file = new URL(`../../bots/surveyor/${extent}.json`, import.meta.url);
      writeFileSync(file, `${JSON.stringify(await snapshotOf(db, extent), null, 2)}\n`);
    } finally {
      await db.destroy();
    }
  }
} finally {
  await server.stop();
  rmSync(directory, { recursive: true, force: true });
}
