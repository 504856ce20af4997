/** The keys of Standard Webhooks (standardwebhooks.com): base64, with `whsec_` before it or without. */

/** The lengths that Standard Webhooks allows for a key, in bytes. */
export const minKeyBytes = 24;
export const maxKeyBytes = 64;

/** The key in base64, as it signs: the same with the prefix and without. */
export const keyOf = (secret: string): string => secret.replace(/^whsec_/, '');
