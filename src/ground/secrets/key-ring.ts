/** The keys that wrap the data keys of sealed rows. They are kept outside the database; rows name them by id. */
import { createSecretKey, type KeyObject } from 'node:crypto';
import { RoundsmanError, UsageError } from '../errors.ts';

/** Bytes of every key: AES-256. */
export const keyBytes = 32;

/** ROUNDSMAN_KEYS cannot be used. The error says which key by its id or place, never by its value. */
export class BadKeyRingError extends UsageError {
  constructor(why: string) {
    super({
      what: 'the keys that seal cannot be used',
      why,
      hint: 'give id:base64 pairs with a comma between them, the current key first; a new key: `openssl rand -base64 32`',
    });
  }
}

/** A row names a key that this ring does not hold. Nothing was decrypted or changed. */
export class MissingKeyError extends RoundsmanError {
  readonly encryption_key_id: string;

  constructor(encryption_key_id: string) {
    super({
      what: 'a sealed text cannot be opened',
      why: `its key ${JSON.stringify(encryption_key_id)} is not in the key ring (of secrets: ROUNDSMAN_KEYS)`,
      hint: 'add that key to the ring, for secrets to ROUNDSMAN_KEYS of every process; remove it only after every row was rotated to another key',
    });
    this.encryption_key_id = encryption_key_id;
  }
}

/** The form of a key's id; the column `encryption_key_id` is a VARCHAR(50). */
const idForm = /^[A-Za-z0-9._-]{1,50}$/;

/**
 * Keys by id. `current` is the key that wraps new data keys. The bytes are copied, and neither inspect nor JSON shows
 * them. Throws {@link BadKeyRingError}.
 */
export class KeyRing {
  readonly current: string;
  readonly #keys = new Map<string, KeyObject>();

  constructor(ring: { current: string; keys: Readonly<Record<string, Uint8Array>> }) {
    if (typeof ring?.keys !== 'object' || ring.keys === null)
      throw new BadKeyRingError('keys has to be an object of keys by id');
    const { current, keys } = ring;
    for (const [id, key] of Object.entries(keys)) this.#add(id, key);
    if (!this.#keys.has(current)) throw new BadKeyRingError('the current key is not among them');
    this.current = current;
  }

  #add(id: string, key: Uint8Array): void {
    if (!idForm.test(id))
      throw new BadKeyRingError(
        'an id has to be 1 to 50 letters, digits, dots, dashes or underscores',
      );
    if (!(key instanceof Uint8Array) || key.length !== keyBytes)
      throw new BadKeyRingError(`key ${id} has to be ${keyBytes} bytes long`);
    const keyObject = createSecretKey(key);
    // Rotating between two equal keys would change nothing, but look as if it had.
    for (const [otherId, other] of this.#keys)
      if (other.equals(keyObject))
        throw new BadKeyRingError(`keys ${otherId} and ${id} are the same`);
    this.#keys.set(id, keyObject);
  }

  get ids(): string[] {
    return [...this.#keys.keys()];
  }

  /** The keys as ROUNDSMAN_KEYS has them, in base64, so that the redaction can remove them. */
  texts(): string[] {
    return [...this.#keys.values()].map((key) =>
      key.export().toString('base64').replace(/=+$/, ''),
    );
  }

  /** The key with this id. Throws {@link MissingKeyError}. */
  key(id: string): KeyObject {
    const found = this.#keys.get(id);
    if (!found) throw new MissingKeyError(id);
    return found;
  }
}

/**
 * Reads the ring from the value of ROUNDSMAN_KEYS, such as `k2:BASE64,k1:BASE64`: 32 bytes each, in base64 with or
 * without its padding; the first key is the current one. Throws {@link BadKeyRingError}.
 */
export function readKeyRing(setting: string): KeyRing {
  if (typeof setting !== 'string') throw new BadKeyRingError('they have to be a text');
  const keys: Record<string, Uint8Array> = Object.create(null);
  const pairs = setting.split(',').map((pair) => pair.trim());
  for (const [index, pair] of pairs.entries()) {
    const place = `pair ${index + 1}`;
    const colon = pair.indexOf(':');
    // A text without a colon may be the key itself: the message does not repeat it.
    if (colon < 1) throw new BadKeyRingError(`${place} has no id before a colon`);
    const id = pair.slice(0, colon).trim();
    if (!idForm.test(id)) throw new BadKeyRingError(`${place} has an id that cannot be used`);
    if (id in keys) throw new BadKeyRingError(`key ${id} is given twice`);
    keys[id] = readKey(pair.slice(colon + 1).trim(), place);
  }
  return new KeyRing({ current: pairs[0]!.slice(0, pairs[0]!.indexOf(':')).trim(), keys });
}

function readKey(text: string, place: string): Buffer {
  const key = Buffer.from(text, 'base64');
  // Buffer.from skips characters that are not base64, so a mistyped key would silently become another key.
  const withoutPadding = text.replace(/=+$/, '').replaceAll('-', '+').replaceAll('_', '/');
  if (key.length !== keyBytes || key.toString('base64').replace(/=+$/, '') !== withoutPadding)
    throw new BadKeyRingError(`${place} is not ${keyBytes} bytes in base64`);
  return key;
}
