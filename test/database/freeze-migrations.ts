/**
 * Freezes the migrations as they are now: from a release on, a file that databases have run is never edited again. Run it when a
 * release is tagged: `node test/database/freeze-migrations.ts`.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = new URL('../../migrations/', import.meta.url);
const list = fileURLToPath(new URL('./frozen-migrations.json', import.meta.url));

/** The digest of each migration, by its path below migrations/. */
export const digests = (): Record<string, string> =>
  Object.fromEntries(
    (readdirSync(folder, { recursive: true }) as string[])
      .filter((path) => path.endsWith('.sql'))
      .toSorted()
      .map((path) => [
        path,
        createHash('sha256')
          .update(readFileSync(new URL(path, folder)))
          .digest('hex'),
      ]),
  );

/** The migrations of the last release. */
export const frozen = (): Record<string, string> => JSON.parse(readFileSync(list, 'utf8'));

if (import.meta.filename === process.argv[1]) {
  writeFileSync(list, `${JSON.stringify(digests(), null, 2)}\n`);
  console.log(`froze ${Object.keys(digests()).length} migrations`);
}
