/** Checks before a secret is stored: its name, its value, the variable that holds it. */
import type { Config } from '../../config.ts';
import { isOwnSetting, maxBytes, hintForUnfit, whyUnfit } from '../../data/secrets/open.ts';
import { UsageError } from '../../ground/errors.ts';
import type { KeyRing } from '../../ground/secrets/key-ring.ts';
import { secretName } from '../../ground/secrets/secret-reference.ts';

/** How long a value may be, in bytes of UTF-8. */
export const maxSecretBytes = maxBytes;

export const isSecretName = (name: string): boolean => secretName.test(name);

/** Throws {@link UsageError} for a name that the table would refuse. */
export function checkSecretName(name: string): void {
  if (isSecretName(name)) return;
  throw new UsageError({
    what: `${name.slice(0, 120) || 'an empty text'} cannot be the name of a secret`,
    why: 'a name is at most 100 capital letters, digits and _, and begins with a letter',
    hint: 'for example SLACK_TOKEN',
  });
}

/** Throws {@link UsageError} for a text that cannot name a variable, and for a setting of the engine. */
export function checkVariable(variable: string): void {
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,199}$/.test(variable))
    throw notStored(
      '--from-env does not name a variable: its name has letters, digits and _',
      'for example --from-env SLACK_TOKEN; the value itself is not given here',
    );
  if (isOwnSetting(variable))
    throw notStored(
      `${variable} is a setting of the engine itself, and playbooks may not use it`,
      'take another variable',
    );
}

/** Throws {@link UsageError} for a value that cannot be a secret; the error does not repeat it. */
export function checkValue(value: string): void {
  const why = whyUnfit(value);
  if (why !== null) throw notStored(why, hintForUnfit(value));
}

/**
 * Why this process cannot read the secret from the variable; null if it can. It is not an error, because workers may
 * have another environment.
 */
export function whyUnreadable({ variable }: Pick<Config, 'variable'>, from: string): string | null {
  const value = variable(from);
  return value === undefined ? 'it is not set here' : whyUnfit(value);
}

/**
 * The keys with which values are sealed. Throws {@link UsageError} if there are none, with how to make one; `what` names what
 * should have been sealed.
 */
export function sealingKeys({ keys }: Pick<Config, 'keys'>, what: string): KeyRing {
  if (keys) return keys;
  throw new UsageError({
    what: `${what} cannot be sealed`,
    why: 'ROUNDSMAN_KEYS is not set, so there is no key to seal with',
    hint: 'make a key, `openssl rand -base64 32`, and set ROUNDSMAN_KEYS=k1:KEY for this command and every worker (in the environment or .env); or store only the name of a variable that holds the value: --from-env VARIABLE',
  });
}

export const notStored = (why: string, hint: string): UsageError =>
  new UsageError({ what: 'the secret was not stored', why, hint });
