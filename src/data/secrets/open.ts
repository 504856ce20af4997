/** Opens the value of a row of `engine.secrets`, if this process can. */
import { messageOf, RoundsmanError } from '../../ground/errors.ts';
import type { KeyRing } from '../../ground/secrets/key-ring.ts';
import { unseal } from '../../ground/secrets/sealing.ts';
import { identityOf, type SecretRow } from './rows.ts';

/** The keys and variables with which values are opened. */
export interface SecretSources {
  keys: KeyRing | undefined;
  variable: (name: string) => string | undefined;
}

/**
 * How many characters a value has at least: a shorter one would be a part of many words, and the words around its redacted
 * place would reveal it.
 */
export const minCharacters = 6;
/** How long a value may be, in bytes of UTF-8. */
export const maxBytes = 64 * 1024;

/** Why a value cannot be a secret; null if it can. The text does not repeat the value. */
export function whyUnfit(value: string): string | null {
  if ([...value].length < minCharacters)
    return `it is ${value === '' ? 'empty' : 'too short'}: a secret has at least ${minCharacters} characters`;
  if (Buffer.byteLength(value) > maxBytes) return `it is longer than ${maxBytes} bytes`;
  if (!value.isWellFormed() || value.includes('\0')) return 'it is not text in UTF-8';
  return null;
}

/** What to do about a value that {@link whyUnfit} refuses. */
export function hintForUnfit(value: string): string {
  if (value === '')
    return 'give it on standard input, as in `... < file`, and look whether that file is empty';
  if ([...value].length < minCharacters)
    return 'take a longer one: so short a text is a part of other words, and a reader could guess it from where it is redacted';
  if (Buffer.byteLength(value) > maxBytes)
    return 'store only the part that is secret, or a token in its place';
  return 'store bytes as base64';
}

/** Settings of the engine itself, which playbooks must not be able to send anywhere. */
const ownSettings = /^(DATABASE_URL|REDIS_URL|ROUNDSMAN_.*|PG[A-Z]+)$/;

export const isOwnSetting = (variable: string): boolean => ownSettings.test(variable);

export interface Opened {
  name: string;
  value: string;
}

/** The value of a secret cannot be read in this process; `why` and `hint` say what to do. */
export class ClosedSecretError extends RoundsmanError {
  constructor(name: string, why: string, hint: string, options?: ErrorOptions) {
    super({ what: `the secret ${name} cannot be opened`, why, hint }, options);
  }
}

const again = (name: string) => `\`npx roundsman secrets set ${name}\` stores it again`;

/** Throws {@link ClosedSecretError}. */
export function openSecret({ keys, variable }: SecretSources, row: SecretRow): Opened {
  const { name, sealed, key_id, variable: from } = row;
  if (from !== null) return { name, value: fromVariable(name, from, variable) };
  if (!keys)
    throw new ClosedSecretError(
      name,
      `ROUNDSMAN_KEYS is not set in this process, and it is sealed by the key ${key_id}`,
      'give each worker the ROUNDSMAN_KEYS with which it was sealed',
    );
  try {
    const value = unseal(keys, identityOf(row), { text: sealed!, keyId: key_id! });
    return { name, value };
  } catch (error) {
    if (!(error instanceof RoundsmanError)) throw error;
    throw new ClosedSecretError(name, error.why, `${error.hint}; ${again(name)}`, {
      cause: error,
    });
  }
}

function fromVariable(name: string, from: string, variable: SecretSources['variable']): string {
  if (isOwnSetting(from))
    throw new ClosedSecretError(name, `${from} is a setting of the engine itself`, again(name));
  const value = variable(from);
  if (value === undefined)
    throw new ClosedSecretError(
      name,
      `the variable ${from} is not set in this process`,
      `set ${from} for each worker, or: ${again(name)}`,
    );
  const why = whyUnfit(value);
  if (why !== null)
    throw new ClosedSecretError(name, `the variable ${from} does not fit: ${why}`, again(name));
  return value;
}

/** Why a secret cannot be opened in this process; null if it can. */
export function whyClosed(sources: SecretSources, row: SecretRow): string | null {
  try {
    openSecret(sources, row);
    return null;
  } catch (error) {
    return error instanceof RoundsmanError ? error.why : messageOf(error);
  }
}
