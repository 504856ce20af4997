import { credentialKeys } from '../../data/javari/credentials.ts';
import { rotateSecrets as rotate, type Rotated } from '../../data/secrets/rotate.ts';
import type { Db } from '../../database/connect.ts';
import type { KeyRing } from '../../ground/secrets/key-ring.ts';
import { authorise, type Actor } from '../actor.ts';

/**
 * Seals all secrets with the current key; a secret that could not be sealed stays as it was and is named. `others`
 * counts the platform's credentials under each other key. For owners and admins.
 */
export async function rotateSecrets(
  { db, actor }: { db: Db; actor: Actor },
  { keys }: { keys: KeyRing },
): Promise<{ outcome: Rotated; others: { key_id: string; rows: number }[] }> {
  authorise(actor, 'rotate secrets', 'admin');
  const outcome = await rotate(db, keys);
  const others = [...(await credentialKeys(db))]
    .filter(([id]) => id !== keys.current)
    .map(([key_id, rows]) => ({ key_id, rows }));
  return { outcome, others };
}
