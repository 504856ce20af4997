/** Reads an archive and compares each of its files with the manifest at its end. */
import { createHash, type Hash } from 'node:crypto';
import { readManifest, type Manifest } from '../archive/manifest.ts';
import { DamagedBackupError, tarEntries, type Entry } from '../archive/tar.ts';

interface Seen {
  bytes: number;
  hash: Hash;
}

/**
 * Gives each file to `take`, in the archive's order, and returns the manifest when everything was as it says. Throws {@link
 * DamagedBackupError}; whoever has used files before that has to undo it.
 */
export async function readArchive(
  plain: AsyncIterable<Uint8Array>,
  take: (entry: Entry) => Promise<void> | void = () => {},
): Promise<Manifest> {
  /** One for each file, and one for all parts of a table together. */
  const seen = new Map<string, Seen>();
  let manifest: Manifest | undefined;
  for await (const entry of tarEntries(plain)) {
    if (manifest) throw new DamagedBackupError('its archive goes on after the manifest');
    if (entry.name === 'manifest.json') {
      manifest = readManifest(entry.data.toString());
      continue;
    }
    const isData = entry.name.startsWith('data/');
    const name = isData ? entry.name.slice(0, entry.name.lastIndexOf('/')) : entry.name;
    const known = seen.get(name) ?? { bytes: 0, hash: createHash('sha256') };
    seen.set(name, known);
    known.bytes += entry.data.length;
    known.hash.update(entry.data);
    await take(entry);
  }
  if (!manifest) throw new DamagedBackupError('it has no manifest: it was not written to its end');
  compare(manifest, seen);
  return manifest;
}

function compare(manifest: Manifest, seen: ReadonlyMap<string, Seen>): void {
  const expected = [
    ...manifest.files,
    ...manifest.tables
      .filter(({ parts }) => parts > 0)
      .map(({ directory, bytes, sha256 }) => ({ name: directory, bytes, sha256 })),
  ];
  for (const { name, bytes, sha256 } of expected) {
    const found = seen.get(name);
    if (!found) throw new DamagedBackupError(`${name} is missing in it`);
    if (found.bytes !== bytes || found.hash.digest('hex') !== sha256)
      throw new DamagedBackupError(`${name} is not what its manifest says`);
  }
  if (seen.size !== expected.length)
    throw new DamagedBackupError('it has files that its manifest does not name');
}
