import type { Config } from '../../config.ts';
import { currentTime } from '../../data/bots/engine.ts';
import { whyClosed } from '../../data/secrets/open.ts';
import { listSecrets as query, usesOfSecrets } from '../../data/secrets/rows.ts';
import type { Db } from '../../database/connect.ts';
import { shownRow } from './shown.ts';

/**
 * All secrets, each with what uses it and why this process cannot open it; and the names of secrets that are used but not stored.
 */
export async function listSecrets({ db, config }: { db: Db; config: Config }) {
  const uses = await usesOfSecrets(db);
  const secrets = (await query(db)).map((row) => ({
    ...shownRow(row),
    used_by: uses.get(row.name) ?? [],
    /** why this process cannot open it; null if it can */
    closed: whyClosed(config, row),
  }));
  const missing = [...uses]
    .filter(([used]) => secrets.every(({ name }) => name !== used))
    .map(([name, used_by]) => ({ name, used_by }));
  return { secrets, missing, now: await currentTime(db) };
}
