/** Proves a backup: a copy is restored from what its target gives back, and compared with it. */
import { createHash, type Hash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  binariesPackage,
  hasBinaries,
  howToInstallBinaries,
} from '../../database/embedded/binaries.ts';
import { startThrowaway } from '../../database/embedded/throwaway.ts';
import { RoundsmanError, type Explanation } from '../../ground/errors.ts';
import { open } from '../archive/seal.ts';
import type { Manifest } from '../archive/manifest.ts';
import { DamagedBackupError, type Entry } from '../archive/tar.ts';
import { compareWithBackup } from './compare.ts';
import { restoreArchive } from './restore.ts';
import { readArchive } from './read-archive.ts';

/** No throw-away server can be started on this host, into which a copy would be restored. */
export class NoProofServerError extends RoundsmanError {}

/** Why no copy of a backup can be restored on this host, and what to do; null where one can. */
export const whyUnprovableHere = (): Explanation | null =>
  hasBinaries()
    ? null
    : {
        what: 'backups cannot be proven on this host',
        why: `the package ${binariesPackage}, which brings a PostgreSQL for the copy, is not installed`,
        hint: `${howToInstallBinaries}; or restore the copy into an empty database of yours: \`npx roundsman db backup verify --scratch ADDRESS\``,
      };

/** What was restored is not what was backed up. */
export class UnprovenError extends RoundsmanError {}

export interface ProofRequest {
  /** the bytes of the backup, from their beginning; called more than once */
  read: () => AsyncIterable<Buffer>;
  identities: readonly string[];
  /** an empty database to restore into; a throw-away server unless given */
  into?: string | undefined;
  signal: AbortSignal;
  /** the SHA-256 of the bytes as they were written, where that is known of the backup of this id */
  writtenAs?: (id: string) => Promise<string | null>;
}

export interface Proof {
  manifest: Manifest;
  /** materialised views that have other rows in the copy than they had: they were filled from the rows of the backup */
  refreshed: string[];
}

/**
 * Resolves once a copy was equal. Throws {@link UnprovenError} with the differences, RestoreFailedError,
 * DamagedBackupError, WrongKeyError or {@link NoProofServerError}.
 */
export async function proveBackup({
  read,
  identities,
  into,
  signal,
  writtenAs,
}: ProofRequest): Promise<Proof> {
  const unprovable = into === undefined ? whyUnprovableHere() : null;
  if (unprovable) throw new NoProofServerError(unprovable);
  const texts = {
    preData: '',
    postData: '',
    eventTriggers: '',
    sequences: '',
    roles: '',
    settings: '',
  };
  const names: Record<string, keyof typeof texts> = {
    'roles.sql': 'roles',
    'settings.sql': 'settings',
    'pre-data.sql': 'preData',
    'post-data.sql': 'postData',
    'event-triggers.sql': 'eventTriggers',
    'sequences.sql': 'sequences',
  };
  // A first reading finds every fault of the file, before a server is started for it.
  const hash = createHash('sha256');
  const largeObjects = createHash('sha256');
  const look = ({ name, data }: Entry) => {
    signal.throwIfAborted();
    if (name.startsWith('large-objects/')) largeObjects.update(data);
    const kind = Object.hasOwn(names, name) ? names[name] : undefined;
    if (kind) texts[kind] = data.toString();
  };
  const plain = open(hashed(read(), hash), identities);
  const first = await readArchive(plain, look, { keepsRows: false });
  const expected = (await writtenAs?.(first.id)) ?? null;
  const digest = hash.digest('hex');
  if (expected !== null && digest !== expected)
    throw new DamagedBackupError('its bytes are not those that were written');
  const objectsDigest = largeObjects.digest('hex');
  return withDatabaseFor(into, async (url) => {
    // What is restored has to be what was read before: the file may be exchanged meanwhile.
    const second = createHash('sha256');
    const restored = await restoreArchive(url, open(hashed(read(), second), identities), {
      signal,
    });
    if (second.digest('hex') !== digest)
      throw new DamagedBackupError('its bytes changed while it was verified');
    const { manifest, missingKeys, notValid, broken } = restored;
    const { roles, settings, ...ofDatabase } = texts;
    const { differences, refreshed } = await compareWithBackup(
      url,
      manifest,
      {
        // Another server has roles and settings of its own.
        texts: {
          ...ofDatabase,
          ...(into === undefined && { roles, settings }),
          largeObjects: objectsDigest,
        },
        notValid,
      },
      signal,
    );
    const lacking = missingKeys.map((each) => `a foreign key is missing: ${each}`);
    const found = [...broken, ...lacking, ...differences];
    if (found.length > 0)
      throw new UnprovenError({
        what: 'the backup is not proven: the restored copy is not equal',
        why: found.join('; '),
        reasons: found,
        hint: 'make another backup; where the differences come from another version of the server, restore into one of its own version: `db backup verify --scratch ADDRESS`',
      });
    return { manifest, refreshed };
  });
}

async function* hashed(chunks: AsyncIterable<Buffer>, hash: Hash): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    hash.update(chunk);
    yield chunk;
  }
}

async function withDatabaseFor<Result>(
  into: string | undefined,
  work: (url: string) => Promise<Result>,
): Promise<Result> {
  if (into !== undefined) return work(into);
  const directory = await mkdtemp(join(tmpdir(), 'roundsman-proof-'));
  const server = await startThrowaway(directory, {
    fsync: false,
    // As many tables as the database may have are locked at once.
    settings: { max_locks_per_transaction: '1024', autovacuum: 'off' },
  }).catch(async (error: unknown) => {
    await rm(directory, { recursive: true, force: true });
    throw error;
  });
  try {
    return await work(server.url);
  } finally {
    await server.stop();
  }
}
