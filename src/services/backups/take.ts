/** Makes a backup: one at a time for a database, recorded from its beginning, proven from what its target gives back. */
import { createReadStream } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Manifest } from '../../backup/archive/manifest.ts';
import { refuseUnfitRecipients, seal } from '../../backup/archive/seal.ts';
import { readFromCommand, writeToCommand } from '../../backup/output/command.ts';
import { refuseUnfitFolder, writeToFolder, type Written } from '../../backup/output/folder.ts';
import { isAboutBackup } from '../../backup/restore/about-backup.ts';
import { proveBackup } from '../../backup/restore/prove.ts';
import { writeArchive } from '../../backup/write-archive.ts';
import { readBackup } from '../../data/backups/rows.ts';
import type { Db } from '../../database/connect.ts';
import { databaseNameIn } from '../../ground/addresses/database-name.ts';
import { messageOf, RoundsmanError } from '../../ground/errors.ts';
import { storable } from '../../ground/text.ts';
import { beginBackup } from '../../transitions/backups/begin.ts';
import { endBackup } from '../../transitions/backups/end.ts';
import { noteWritten } from '../../transitions/backups/note-written.ts';
import { noteProof } from '../../transitions/backups/prove.ts';
import { authorise, type Actor } from '../actor.ts';
import { clearFailed, clearLost } from './clear-lost.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { removeOld } from './remove-old.ts';

export type BackupTarget =
  | { folder: string }
  /** `back`: the command that prints what `command` has taken; without it the backup cannot be proven */
  | { command: string; back?: string };

export interface BackupRequest {
  target: BackupTarget;
  recipients: readonly string[];
  /** the name of the setting that has the recipients, if one does: an error about one of them names it */
  recipientsFrom?: string | undefined;
  /** null: nothing is removed */
  keepDays: number | null;
  prove: boolean;
  signal: AbortSignal;
  onRows?: (rows: number, table: string) => void;
  /** called when it is written and its proof begins */
  onProof?: () => void;
}

export interface TakenBackup {
  id: string;
  /** its path; null where a command took it */
  file: string | null;
  bytes: number;
  manifest: Manifest;
  proven: boolean;
  /** why it was not proven; null where it was */
  unproven: string | null;
  /** materialised views that had other rows than their queries give: a restore fills them anew; empty where it is not proven */
  refreshed: string[];
  /** how many old backups were removed */
  removed: number;
}

interface Parties {
  db: Db;
  url: string;
  actor: Actor;
}

/** For owners and admins. Throws BackupUnderWayError, UsageError, and what makes a backup fail. */
export async function takeBackup(
  { db, url, actor }: Parties,
  request: BackupRequest,
): Promise<TakenBackup> {
  authorise(actor, 'make backups', 'admin');
  const { target, recipients } = request;
  await refuseUnfitRecipients(recipients, request.recipientsFrom);
  if ('folder' in target) await refuseUnfitFolder(target.folder);
  return oneAtATime(url, request.signal, async (signal) => {
    await clearLost(db);
    if ('folder' in target) await clearFailed(db, target.folder);
    const begun = await beginBackup(db, {
      folder: 'folder' in target ? target.folder : null,
      host: hostname(),
      encrypted: recipients.length > 0,
      by: storable(actor.name),
    });
    // Only this process knows it, and forgets it at its end: with it the file can be read back without the admin's identity.
    const ownIdentity = recipients.length > 0 ? await makeIdentity() : null;
    const name = nameOf(url, begun, recipients.length > 0);
    let taken: { manifest: Manifest; written: Written };
    const recordOf = (manifest: Manifest, written: Written) =>
      writtenBackup(manifest, written, 'folder' in target ? name : null);
    const note = async (manifest: Manifest, written: Written) => {
      if (!(await noteWritten(db, begun.id, recordOf(manifest, written)))) throw markedLost();
    };
    try {
      taken = await write(
        { id: begun.id, name, url, note },
        { ...request, signal },
        ownIdentity?.recipient,
      );
    } catch (error) {
      // Where its row cannot be ended, the next backup marks it as lost; why this one failed is the error to be seen.
      await endBackup(db, begun.id, { error: storable(messageOf(error)) }).catch(() => {});
      throw error;
    }
    const { manifest, written } = taken;
    if (!(await endBackup(db, begun.id, recordOf(manifest, written)))) throw markedLost();
    request.onProof?.();
    const { unproven, refreshed } = await prove(
      db,
      begun.id,
      name,
      { ...request, signal },
      ownIdentity?.identity,
    );
    return {
      id: begun.id,
      file: 'folder' in target ? join(target.folder, name) : null,
      bytes: written.bytes,
      manifest,
      proven: unproven === null,
      unproven,
      refreshed,
      removed: await removeOld(db, { ...request, made: begun.id }),
    };
  });
}

const markedLost = () =>
  new RoundsmanError({
    what: 'no backup was made',
    why: 'the connection that held its lock was lost, and another process has marked it as lost',
    hint: '`npx roundsman db backups` shows what became of it',
  });

async function makeIdentity(): Promise<{ identity: string; recipient: string }> {
  const { generateX25519Identity, identityToRecipient } = await import('age-encryption');
  const identity = await generateX25519Identity();
  return { identity, recipient: await identityToRecipient(identity) };
}

/** `platform-20261130T040000Z-1a2b3c4d.tar.zst`: what it is of, when it was begun, and the beginning of its id. */
function nameOf(
  url: string,
  { id, began_at: at }: { id: string; began_at: Date },
  sealed: boolean,
) {
  const database = (databaseNameIn(url) ?? '').replaceAll(/[^\w-]/g, '_');
  const time = at.toISOString().replaceAll(/[-:]|\.\d+/g, '');
  return `${database.slice(0, 60) || 'database'}-${time}-${id.slice(0, 8)}.tar.zst${sealed ? '.age' : ''}`;
}

interface Begun {
  id: string;
  name: string;
  url: string;
  /** called when all of it is in a folder, before the file has its name */
  note: (manifest: Manifest, written: Written) => Promise<void>;
}

async function write(
  { id, name, url, note }: Begun,
  { target, recipients, signal, onRows }: BackupRequest,
  ownRecipient: string | undefined,
): Promise<{ manifest: Manifest; written: Written }> {
  let manifest: Manifest | undefined;
  const archive = writeArchive({ id, url, signal, onRows }, (made) => (manifest = made));
  const all = ownRecipient === undefined ? recipients : [...recipients, ownRecipient];
  const stream = await seal(archive, all);
  const written =
    'folder' in target
      ? await writeToFolder(target.folder, name, stream, (whole) => note(manifest!, whole))
      : await writeToCommand(target.command, stream, signal);
  return { manifest: manifest!, written };
}

/** What the row of a backup says of it when it is written. */
export const writtenBackup = (manifest: Manifest, written: Written, name: string | null) => ({
  file_name: name,
  server_version: manifest.server,
  bytes: String(written.bytes),
  sha256: written.sha256,
  tables: manifest.tables.length,
  rows: String(manifest.tables.reduce((sum, { rows }) => sum + rows, 0)),
  left_out: manifest.leftOut.length,
  taken_at: new Date(manifest.takenAt),
});

/** `unproven`: null where a copy was equal, else why it is not known to be. A backup that failed its proof stays, and says so. */
async function prove(
  db: Db,
  id: string,
  name: string,
  { target, prove: wanted, signal }: BackupRequest,
  identity: string | undefined,
): Promise<Pick<TakenBackup, 'unproven' | 'refreshed'>> {
  const not = (unproven: string) => ({ unproven, refreshed: [] });
  if (!wanted) return not('it was made without a proof');
  const back = 'folder' in target ? join(target.folder, name) : target.back;
  if (back === undefined) return not('nothing says how the command gives it back (--from-command)');
  const read =
    'folder' in target
      ? () => createReadStream(back) as AsyncIterable<Buffer>
      : () => readFromCommand(back, signal);
  try {
    const { refreshed } = await proveBackup({
      read,
      identities: identity === undefined ? [] : [identity],
      signal,
      writtenAs: async (of) => (await readBackup(db, of))?.sha256 ?? null,
    });
    await noteProof(db, id, null);
    return { unproven: null, refreshed };
  } catch (error) {
    signal.throwIfAborted();
    const why = storable(messageOf(error));
    // What says nothing about the backup leaves it unproven, and is no failed proof.
    if (!isAboutBackup(error)) return not(`the proof could not be carried out: ${why}`);
    await noteProof(db, id, why);
    return not(why);
  }
}
