/** Seals rows of `javari_credentials`, in the way that src/ground/secrets/sealing.ts describes. */
import type { KeyRing } from '../../ground/secrets/key-ring.ts';
import * as sealing from '../../ground/secrets/sealing.ts';

export { BrokenSealError } from '../../ground/secrets/sealing.ts';

/** What binds a sealed text to its row. */
export interface Identity {
  id: string;
  user_id: string;
  service: string;
}

/** The two columns of a sealed credential. */
export interface Sealed {
  encrypted_credentials: string;
  encryption_key_id: string;
}

const identityOf = ({ id, user_id, service }: Identity): sealing.Identity => ({
  parts: [user_id.toLowerCase(), service, id],
  called: `credential ${id}`,
});

const sealedOf = ({ encrypted_credentials, encryption_key_id }: Sealed): sealing.Sealed => ({
  text: encrypted_credentials,
  keyId: encryption_key_id,
});

const columnsOf = ({ text, keyId }: sealing.Sealed): Sealed => ({
  encrypted_credentials: text,
  encryption_key_id: keyId,
});

/** Seals `secret` for this row under a fresh data key and the ring's current key. */
export const seal = (ring: KeyRing, identity: Identity, secret: string): Sealed =>
  columnsOf(sealing.seal(ring, identityOf(identity), secret));

/** Opens the secret of this row. Throws MissingKeyError, BrokenSealError. */
export const unseal = (ring: KeyRing, row: Identity & Sealed): string =>
  sealing.unseal(ring, identityOf(row), sealedOf(row));

/**
 * Keeps the sealed data and wraps only its data key again, with the ring's current key. Throws as {@link unseal} does.
 */
export const rewrap = (ring: KeyRing, row: Identity & Sealed): Sealed =>
  columnsOf(sealing.rewrap(ring, identityOf(row), sealedOf(row)));
