import {
  noSecret,
  removeSecret as remove,
  secretRows,
  usesOfSecrets,
  type AskedSecrets,
} from '../../data/secrets/rows.ts';
import type { Db } from '../../database/connect.ts';
import { UsageError } from '../../ground/errors.ts';
import { printable } from '../../ground/text.ts';
import { authorise, type Actor } from '../actor.ts';
import { shownRow, type ShownSecret } from './shown.ts';

/** The entries of knowledge, channels, bots and sources that use a stored secret. Throws NoSecretError. */
export async function usersOfSecret(
  db: Db,
  { name, asked }: { name: string; asked: AskedSecrets },
): Promise<string[]> {
  const [row] = await secretRows(db, [name]);
  if (!row) throw await noSecret(db, name);
  return (await usesOfSecrets(db, { asked })).get(name) ?? [];
}

/**
 * Removes a secret; playbooks that use it are no longer applied. A secret in use is refused unless the caller confirms
 * it (`evenInUse`): otherwise a script might stop the healing of these entries without knowing it. For owners and
 * admins. Throws NoSecretError, UsageError.
 */
export async function removeSecret(
  { db, actor }: { db: Db; actor: Actor },
  { name, evenInUse, asked }: { name: string; evenInUse: boolean; asked: AskedSecrets },
): Promise<{ secret: ShownSecret; usedBy: string[] }> {
  authorise(actor, 'remove secrets', 'admin');
  const usedBy = await usersOfSecret(db, { name, asked });
  if (usedBy.length > 0 && !evenInUse) throw inUse(name, usedBy);
  return { secret: shownRow(await remove(db, name)), usedBy };
}

const inUse = (name: string, usedBy: string[]): UsageError =>
  new UsageError({
    what: `the secret ${name} was not removed`,
    why: `it is in use: ${usedBy.map(printable).join(', ')}`,
    hint: 'give --yes to remove it nevertheless, or change what uses it first (`npx roundsman knowledge edit`, `notify set`, `bots edit`, `sources rotate`)',
  });
