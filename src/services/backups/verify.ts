import { basename, dirname, join, resolve } from 'node:path';
import { isAboutBackup } from '../../backup/restore/about-backup.ts';
import { RestoreFailedError } from '../../backup/restore/failed.ts';
import { proveBackup, type Proof } from '../../backup/restore/prove.ts';
import { backupOfName, newestBackup, readBackup, type BackupRow } from '../../data/backups/rows.ts';
import type { Db } from '../../database/connect.ts';
import { messageOf, NotFoundError, RoundsmanError, UsageError } from '../../ground/errors.ts';
import { storable } from '../../ground/text.ts';
import { noteProof } from '../../transitions/backups/prove.ts';
import { authorise, type Actor } from '../actor.ts';
import { openSource, type SourceRequest } from './open-file.ts';
import { backupIdOf } from '../references/by-id.ts';

/** The path of a backup's file, for the host on which it lies. Throws UsageError where it has none any more. */
export function fileOf({
  id,
  folder,
  file_name: name,
  removed_at: removed,
  outcome,
}: BackupRow): string {
  if (folder !== null && name !== null && removed === null && outcome === 'success')
    return join(folder, name);
  throw new UsageError({
    what: `the backup ${id.slice(0, 8)} cannot be read`,
    why:
      outcome !== 'success'
        ? `it is ${outcome}: nothing was written`
        : removed
          ? 'its file was removed when it was old'
          : 'a command took it',
    hint:
      removed || outcome !== 'success'
        ? 'use another one: `npx roundsman db backups`'
        : 'say how to get it back with --from-command',
  });
}

/**
 * The backup that was named: by its file, by its id, or the newest one. With `command`, what that prints is meant. Throws
 * UsageError, NotFoundError, AmbiguousIdError.
 */
export async function backupToVerify(
  db: Db,
  given: string | undefined,
  command: string | undefined,
): Promise<{ id?: string; file?: string; command?: string }> {
  if (given !== undefined && (given.includes('/') || /\.zst(\.age)?$/.test(given)))
    return { file: given, ...(command !== undefined && { command }) };
  if (given === undefined && command !== undefined) return { command };
  const row =
    given === undefined
      ? await newestBackup(db, { proven: false })
      : await readBackup(db, await backupIdOf(db, given));
  if (!row)
    throw new NotFoundError({
      what: 'there is no backup to verify',
      why: 'none has succeeded yet',
      hint: '`npx roundsman db backup` makes one',
    });
  if (command !== undefined) return { id: row.id, command };
  return { id: row.id, file: fileOf(row) };
}

export interface VerifyRequest extends SourceRequest {
  /** the backup's row, where it is known */
  id?: string | undefined;
  /** the address of an empty database to restore into; a throw-away server unless given */
  scratch?: string | undefined;
  signal: AbortSignal;
}

/** What a proof needs was not there: this says nothing about the backup. */
export class ProofBrokenOffError extends RoundsmanError {}

/**
 * Restores a copy of a backup and compares it. For owners and admins. Notes the result where the backup is one of this database's.
 * Throws what the proof throws; {@link ProofBrokenOffError} for what says nothing about the backup, whose earlier proof stays as it is.
 */
export async function verifyBackup(
  { db, actor }: { db: Db; actor: Actor },
  { id, scratch, signal, ...request }: VerifyRequest,
): Promise<Proof> {
  authorise(actor, 'verify backups', 'admin');
  const source = { ...(await openSource(request, signal)), file: request.file };
  try {
    const proof = await proveBackup({
      ...source,
      into: scratch,
      signal,
      writtenAs: async (of) => (await readBackup(db, of))?.sha256 ?? null,
    });
    const known = await readBackup(db, proof.manifest.id);
    if (known) await noteProof(db, known.id, null);
    return proof;
  } catch (error) {
    signal.throwIfAborted();
    if (isAboutBackup(error)) {
      const about = id ?? (await knownFile(db, source.file))?.id;
      if (about !== undefined) await noteProof(db, about, storable(messageOf(error)));
      throw error;
    }
    if (error instanceof RoundsmanError && !(error instanceof RestoreFailedError)) throw error;
    throw new ProofBrokenOffError(
      {
        what: 'the proof could not be carried out; what was known of the backup stays',
        why: messageOf(error),
        hint: error instanceof RoundsmanError ? error.hint : 'mend that, and verify it again',
      },
      { cause: error },
    );
  }
}

/** The backup of this database that was written to this file on this host; undefined where there is none. */
async function knownFile(db: Db, file: string | undefined): Promise<BackupRow | undefined> {
  if (file === undefined) return undefined;
  const path = resolve(file);
  const row = await backupOfName(db, basename(path));
  return row?.folder && resolve(row.folder) === dirname(path) ? row : undefined;
}
