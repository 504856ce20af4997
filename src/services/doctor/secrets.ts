import type { Config } from '../../config.ts';
import type { Db } from '../../database/connect.ts';
import { whyClosed } from '../../data/secrets/open.ts';
import { entriesNeverAskedFor, listSecrets, usesOfSecrets } from '../../data/secrets/rows.ts';
import type { Facts } from '../progress/facts.ts';
import { healsWithoutSecretInWords } from '../progress/secrets-closed.ts';
import { fail, ok, warn, type Diagnosis } from './diagnosis.ts';
import { counted } from '../../ground/text.ts';

/**
 * Whether what is enabled can get the secrets that it names (entries, channels, remote bots, sources): in this process, and in
 * workers, as the results of heals show. A secret that only entries of the catalogue name, none of which has been needed yet, is
 * not missed.
 */
export async function examineSecrets(db: Db, config: Config, facts: Facts): Promise<Diagnosis[]> {
  const uses = await usesOfSecrets(db, { enabled: true });
  const rows = new Map((await listSecrets(db)).map((row) => [row.name, row]));
  const unneeded = await entriesNeverAskedFor(db);
  for (const [name, users] of uses)
    if (!rows.has(name) && users.every((user) => unneeded.has(user))) uses.delete(name);
  const users = (name: string): string => `${name} (for ${uses.get(name)!.join(', ')})`;
  const missing = [...uses.keys()].filter((name) => !rows.has(name));
  const closed = [...uses.keys()].flatMap((name) => {
    const row = rows.get(name);
    const why = row ? whyClosed(config, row) : null;
    return why === null ? [] : [`${users(name)}: ${why}`];
  });
  const found: Diagnosis[] = [];
  if (missing.length > 0)
    found.push(
      fail(
        'Secrets',
        `not stored: ${missing.map(users).join('; ')}`,
        `\`npx roundsman secrets set ${missing[0]!}\``,
      ),
    );
  if (closed.length > 0)
    found.push(
      warn(
        'Secrets',
        `cannot be opened with the settings of this process: ${closed.join('; ')}`,
        'give each worker what it needs to open them (ROUNDSMAN_KEYS, the variables) and restart it; `npx roundsman secrets list` shows what opens here',
      ),
    );
  const given = healsWithoutSecretInWords(facts);
  if (given !== null)
    found.push(
      fail(
        'Secrets',
        given,
        'give every worker the ROUNDSMAN_KEYS or the variable that it lacks, and restart it',
      ),
    );
  if (found.length === 0 && uses.size > 0)
    found.push(ok('Secrets', `${counted(uses.size, 'secret')} in use: stored, and opened here`));
  return found;
}
