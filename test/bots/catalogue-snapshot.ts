/** The catalogues of freshly migrated databases, as bots/surveyor/ keeps them. */
import { sql } from 'kysely';
import { readParts } from '../../bots/surveyor/parts.ts';
import type { Snapshot } from '../../bots/surveyor/expected.ts';
import type { Db } from '../../src/database/connect.ts';
import { filesOf } from '../../src/database/migrate/extent.ts';

const namesOf = async (extent: 'whole' | 'bots' | 'grown') =>
  (await filesOf(extent)).map(({ name }) => name).toSorted();

export async function snapshotOf(db: Db, extent: 'whole' | 'bots'): Promise<Snapshot> {
  const { rows } = await sql<{ server: number }>`
    SELECT current_setting('server_version_num')::int / 10000 AS server`.execute(db);
  return {
    server: rows[0]!.server,
    migrations: await namesOf(extent),
    ...(extent === 'whole' && { grown: await namesOf('grown') }),
    parts: await readParts({ db }, null),
  };
}
