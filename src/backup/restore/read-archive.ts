/** Reads an archive and compares each of its files with the manifest at its end. */
import { createHash, type Hash } from 'node:crypto';
import { readManifest, type Manifest } from '../archive/manifest.ts';
import {
  contentOf,
  DamagedBackupError,
  maxTextBytes,
  tarEntries,
  type Entry,
} from '../archive/tar.ts';

interface Seen {
  bytes: number;
  /** of a file: its digest; of the parts of a table, which come one after the other: what becomes their digest */
  hash: string | Hash;
}

/** A million files are a terabyte of large objects. More of them would fill the memory with their names. */
const maxFiles = 1_000_000;

/**
 * Gives each file to `take`, in the archive's order, and returns the manifest when everything was as it says. `keepsRows`: false where
 * rows are not used. Throws {@link DamagedBackupError}; whoever has used files before that has to undo it.
 */
export async function readArchive(
  plain: AsyncIterable<Uint8Array>,
  take: (entry: Entry) => Promise<void> | void = () => {},
  { keepsRows = true } = {},
): Promise<Manifest> {
  /** One for each file, and one for all parts of a table together. */
  const seen = new Map<string, Seen>();
  let manifest: Manifest | undefined;
  let held = 0;
  for await (const entry of tarEntries(plain, { keepsRows }))
    try {
      if (manifest) throw new DamagedBackupError('its archive goes on after the manifest');
      // Rows and large objects are used as they come; of all else a restore keeps some until the end.
      if (!/^(data|large-objects)\//.test(entry.name)) held += entry.data.length;
      if (held > maxTextBytes)
        throw new DamagedBackupError('the schema in its archive is larger than that of a backup');
      if (entry.name === 'manifest.json') {
        manifest = readManifest(entry.data.toString());
        continue;
      }
      await note(seen, entry);
      await take(entry);
    } finally {
      await entry.spooled?.release();
    }
  if (!manifest) throw new DamagedBackupError('it has no manifest: it was not written to its end');
  compare(manifest, seen);
  return manifest;
}

async function note(seen: Map<string, Seen>, entry: Entry): Promise<void> {
  const { name } = entry;
  const isData = name.startsWith('data/');
  const key = isData ? name.slice(0, name.lastIndexOf('/')) : name;
  const known = seen.get(key);
  if (known && !isData) throw new DamagedBackupError(`${name} is twice in it`);
  if (seen.size >= maxFiles) throw new DamagedBackupError('it has more files than a backup has');
  const hash = known ? (known.hash as Hash) : createHash('sha256');
  const { bytes, pieces } = contentOf(entry);
  for await (const piece of pieces) hash.update(piece);
  seen.set(key, { bytes: (known?.bytes ?? 0) + bytes, hash: isData ? hash : hash.digest('hex') });
}

function compare(manifest: Manifest, seen: ReadonlyMap<string, Seen>): void {
  const expected = [
    ...manifest.files,
    ...manifest.tables
      .filter(({ parts }) => parts > 0)
      .map(({ directory, bytes, sha256 }) => ({ name: directory, bytes, sha256 })),
  ];
  if (new Set(expected.map(({ name }) => name)).size !== expected.length)
    throw new DamagedBackupError('its manifest names a file twice');
  for (const { name, bytes, sha256 } of expected) {
    const found = seen.get(name);
    if (!found) throw new DamagedBackupError(`${name} is missing in it`);
    const digest = typeof found.hash === 'string' ? found.hash : found.hash.digest('hex');
    if (found.bytes !== bytes || digest !== sha256)
      throw new DamagedBackupError(`${name} is not what its manifest says`);
  }
  if (seen.size !== expected.length)
    throw new DamagedBackupError('it has files that its manifest does not name');
}
