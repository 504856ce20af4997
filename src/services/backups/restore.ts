/** Restores a backup into an empty database, and has nothing of the past be done again there. */
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { sql } from 'kysely';
import { open } from '../../backup/archive/seal.ts';
import type { Manifest } from '../../backup/archive/manifest.ts';
import { readArchive } from '../../backup/restore/read-archive.ts';
import { restoreArchive, type Restored } from '../../backup/restore/restore.ts';
import { changeMode } from '../../data/bots/engine.ts';
import { noteRestored } from '../../data/settings/restored-at.ts';
import type { Db } from '../../database/connect.ts';
import { migrationStatus } from '../../database/migrate/status.ts';
import { storable } from '../../ground/text.ts';
import { beginRestoredClocks } from '../../transitions/backups/begin-restored-clocks.ts';
import { endRestoredBackups } from '../../transitions/backups/end-restored.ts';
import { endRestoredJobs } from '../../transitions/jobs/end-restored.ts';
import { holdRestored } from '../../transitions/notifications/hold-restored.ts';
import { endRestoredRuns } from '../../transitions/runs/end-restored.ts';
import { authorise, type Actor } from '../actor.ts';
import { openSource, type SourceRequest } from './open-file.ts';
import { writtenBackup } from './take.ts';

export { nameOfKey } from '../../backup/restore/foreign-key.ts';

export interface RestoreRequest extends SourceRequest {
  signal: AbortSignal;
  onTable?: (table: string) => void;
}

export interface RestoredDatabase extends Restored {
  /** false where the backup holds a database that Roundsman never migrated */
  hasEngine: boolean;
  endedRuns: number;
  endedJobs: number;
  heldMessages: number;
  /** how many migrations of this version the restored database lacks, as where an older version made the backup */
  pendingMigrations: number;
}

/** For owners. Throws NotEmptyForRestoreError, RestoreFailedError, DamagedBackupError, WrongKeyError; then nothing was restored. */
export async function restoreBackup(
  { url, actor }: { url: string; actor: Actor },
  { signal, onTable, ...source }: RestoreRequest,
): Promise<RestoredDatabase> {
  authorise(actor, 'restore a backup', 'owner');
  const { read, identities } = await openSource(source, signal);
  // A first reading finds every fault of a file before the database is touched, and a file of a later version by its name. What a
  // command prints is read once.
  if (source.command === undefined)
    await readArchive(open(read(), identities), () => signal.throwIfAborted(), {
      keepsRows: false,
    });
  const hash = createHash('sha256');
  let bytes = 0;
  async function* counted(): AsyncGenerator<Buffer> {
    for await (const chunk of read()) {
      hash.update(chunk);
      bytes += chunk.length;
      yield chunk;
    }
  }
  const quieted = {
    hasEngine: false,
    endedRuns: 0,
    endedJobs: 0,
    heldMessages: 0,
    pendingMigrations: 0,
  };
  const restored = await restoreArchive(url, open(counted(), identities), {
    signal,
    ...(onTable && { onTable }),
    afterwards: async (transaction, manifest) => {
      const { rows } = await sql<{ there: boolean }>`
        SELECT to_regclass('engine.settings') IS NOT NULL AS there`.execute(transaction);
      if (!rows[0]!.there) return;
      Object.assign(quieted, { hasEngine: true }, await quiet(transaction, actor, manifest));
      const written = { bytes, sha256: hash.digest('hex') };
      const name = source.file === undefined ? null : basename(source.file);
      await endRestoredBackups(
        transaction,
        manifest.id,
        writtenBackup(manifest, written, name ?? ''),
      );
    },
  });
  return { ...restored, ...quieted };
}

/**
 * Sets the mode off, ends what was open, holds back what was unsent, has reports and escalations of the past left out, and takes the
 * queue's own tables away.
 */
async function quiet(db: Db, actor: Actor, { id: backup, takenAt }: Manifest) {
  await changeMode(db, 'off', {
    by: storable(actor.name),
    reason: 'restored from a backup: look at it, then set the mode',
  });
  await noteRestored(db, backup, storable(actor.name));
  await beginRestoredClocks(db, new Date(takenAt));
  const ended = {
    endedRuns: await endRestoredRuns(db),
    endedJobs: await endRestoredJobs(db),
    heldMessages: await holdRestored(db),
    pendingMigrations: (await migrationStatus(db)).filter(({ executedAt }) => !executedAt).length,
  };
  // Entries of the queue are hints to rows; the tables are made anew at the next start.
  await sql`DROP SCHEMA IF EXISTS bullmq CASCADE`.execute(db);
  // No process of the database that was backed up is alive here.
  await sql`DELETE FROM engine.nodes`.execute(db);
  // An archive of an older version has no such table.
  await sql`DO $$ BEGIN IF to_regclass('engine.listeners') IS NOT NULL THEN DELETE FROM engine.listeners; END IF; END $$`.execute(
    db,
  );
  return ended;
}
