/**
 * Seals a secret for a row: the secret is encrypted with AES-256-GCM under a data key of its own. The data key is
 * wrapped, also with AES-256-GCM, by the key of the ring that the row names.
 *
 *     v1.WRAPPED.DATA      each base64url of nonce (12 bytes), ciphertext, tag (16 bytes)
 *
 * The row's identity is authenticated on both layers: text that is copied into another row, or under
 * another key id, does not open. Rotation replaces WRAPPED and leaves DATA as it is.
 */
import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { RoundsmanError } from '../errors.ts';
import { keyBytes, type KeyRing } from './key-ring.ts';

/** What binds a sealed text to its row. */
export interface Identity {
  /** texts that together identify the row among all rows of all tables with sealed texts */
  parts: readonly string[];
  /** what people call the row, for errors */
  called: string;
}

export interface Sealed {
  text: string;
  keyId: string;
}

/** A sealed text was changed or cut, or belongs to another row or key. */
export class BrokenSealError extends RoundsmanError {
  constructor(called: string) {
    super({
      what: `${called} cannot be opened`,
      why: 'its sealed text is not what was stored for this row',
      hint: 'store it again; another program may have written to the table',
    });
  }
}

const version = 'v1';
const nonceBytes = 12;
const tagBytes = 16;

/** The bytes that bind a sealed text to its row. JSON separates the parts, so two rows never have the same bytes. */
const boundBytes = ({ parts }: Identity, layer: string, ...more: string[]) =>
  Buffer.from(JSON.stringify(['roundsman', version, layer, ...parts, ...more]));

// Nonces are random: one ring key may wrap 2^32 times before an equal pair becomes plausible (NIST SP 800-38D, 8.3).
// A data key encrypts once.
function encrypt(key: KeyObject, plain: Uint8Array, authenticated: Buffer): string {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes });
  cipher.setAAD(authenticated);
  const text = [cipher.update(plain), cipher.final()];
  return Buffer.concat([nonce, ...text, cipher.getAuthTag()]).toString('base64url');
}

/** The decrypted bytes; null when the text was changed, or belongs to another key or row. */
function decrypt(key: KeyObject, sealed: string, authenticated: Buffer): Buffer | null {
  const bytes = Buffer.from(sealed, 'base64url');
  // Buffer.from ignores foreign characters and the spare bits of the last character.
  if (bytes.toString('base64url') !== sealed || bytes.length < nonceBytes + tagBytes) return null;
  const nonce = bytes.subarray(0, nonceBytes);
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes });
  decipher.setAAD(authenticated);
  decipher.setAuthTag(bytes.subarray(-tagBytes));
  const plain = decipher.update(bytes.subarray(nonceBytes, -tagBytes));
  try {
    return Buffer.concat([plain, decipher.final()]);
  } catch {
    return null;
  }
}

/** Seals `secret` for this row under a fresh data key and the ring's current key. */
export function seal(ring: KeyRing, identity: Identity, secret: string): Sealed {
  const dataKey = randomBytes(keyBytes);
  const data = encrypt(createSecretKey(dataKey), Buffer.from(secret), boundBytes(identity, 'data'));
  const wrapped = wrap(ring, identity, dataKey);
  return { text: `${version}.${wrapped}.${data}`, keyId: ring.current };
}

/** Opens the secret of this row. Throws MissingKeyError, {@link BrokenSealError}. */
export function unseal(ring: KeyRing, identity: Identity, sealed: Sealed): string {
  const { wrapped, data } = split(identity, sealed);
  const dataKey = unwrap(ring, identity, sealed.keyId, wrapped);
  const secret = decrypt(createSecretKey(dataKey), data, boundBytes(identity, 'data'));
  dataKey.fill(0);
  if (!secret) throw new BrokenSealError(identity.called);
  return secret.toString();
}

/**
 * Returns the same sealed data with its data key wrapped anew, by the ring's current key. Throws as {@link unseal} does.
 */
export function rewrap(ring: KeyRing, identity: Identity, sealed: Sealed): Sealed {
  const { wrapped, data } = split(identity, sealed);
  const fresh = wrap(ring, identity, unwrap(ring, identity, sealed.keyId, wrapped));
  return { text: `${version}.${fresh}.${data}`, keyId: ring.current };
}

function wrap(ring: KeyRing, identity: Identity, dataKey: Buffer): string {
  const authenticated = boundBytes(identity, 'key', ring.current);
  const wrapped = encrypt(ring.key(ring.current), dataKey, authenticated);
  dataKey.fill(0);
  return wrapped;
}

function unwrap(ring: KeyRing, identity: Identity, keyId: string, wrapped: string): Buffer {
  const dataKey = decrypt(ring.key(keyId), wrapped, boundBytes(identity, 'key', keyId));
  if (dataKey?.length !== keyBytes) throw new BrokenSealError(identity.called);
  return dataKey;
}

function split({ called }: Identity, { text }: Sealed): { wrapped: string; data: string } {
  const [first, wrapped, data, ...more] = text.split('.');
  if (first !== version || !wrapped || !data || more.length > 0) throw new BrokenSealError(called);
  return { wrapped, data };
}
