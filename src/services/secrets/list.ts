import type { Config } from '../../config.ts';
import { currentTime } from '../../data/bots/engine.ts';
import { whyClosed } from '../../data/secrets/open.ts';
import { listSecrets as query, usesOfSecrets, type AskedSecrets } from '../../data/secrets/rows.ts';
import type { Db } from '../../database/connect.ts';
import { shownRow } from './shown.ts';

/**
 * All secrets, each with what uses it and why this process cannot open it; and the names of secrets that are used but not stored.
 * `asked`: what the code of bots asks for. Such a bot skips what it cannot do without the secret, so only active bots miss one.
 */
export async function listSecrets({
  db,
  config,
  asked,
}: {
  db: Db;
  config: Config;
  asked: AskedSecrets;
}) {
  const uses = await usesOfSecrets(db, { asked });
  const named = await usesOfSecrets(db);
  const active = await usesOfSecrets(db, { enabled: true, asked });
  const secrets = (await query(db)).map((row) => ({
    ...shownRow(row),
    used_by: uses.get(row.name) ?? [],
    /** why this process cannot open it; null if it can */
    closed: whyClosed(config, row),
  }));
  const missing = [...uses]
    .filter(([used]) => named.has(used) || active.has(used))
    .filter(([used]) => secrets.every(({ name }) => name !== used))
    .map(([name, used_by]) => ({ name, used_by, optional: !named.has(name) }));
  return { secrets, missing, now: await currentTime(db) };
}
