import { storeSealed, storeVariable, type SecretRow } from '../../data/secrets/rows.ts';
import type { Db } from '../../database/connect.ts';
import type { KeyRing } from '../../ground/secrets/key-ring.ts';
import { referenceTo } from '../../ground/secrets/secret-reference.ts';
import { storable } from '../../ground/text.ts';
import { authorise, type Actor } from '../actor.ts';
import { checkSecretName, checkValue, checkVariable } from './checks.ts';
import { shownRow, type ShownSecret } from './shown.ts';

/** A secret: its value, which is sealed with the keys, or the variable from which each worker reads it. */
export type NewSecret = { name: string } & (
  | { value: string; keys: KeyRing }
  | { variable: string }
);

export interface StoredSecret {
  secret: ShownSecret;
  /** no secret of that name was stored before */
  isNew: boolean;
  /** how playbooks refer to it */
  reference: string;
}

/** Stores a secret and replaces one of the same name. For owners and admins. Throws UsageError. */
export async function setSecret(
  { db, actor }: { db: Db; actor: Actor },
  secret: NewSecret,
): Promise<StoredSecret> {
  authorise(actor, 'store secrets', 'admin');
  const { name } = secret;
  checkSecretName(name);
  const { row, isNew } = await store(db, secret, storable(actor.name));
  return { secret: shownRow(row), isNew, reference: referenceTo(name) };
}

function store(
  db: Db,
  secret: NewSecret,
  actor: string,
): Promise<{ row: SecretRow; isNew: boolean }> {
  const { name } = secret;
  if ('variable' in secret) {
    checkVariable(secret.variable);
    return storeVariable(db, { name, variable: secret.variable, actor });
  }
  checkValue(secret.value);
  return storeSealed(db, secret.keys, { name, value: secret.value, actor });
}
