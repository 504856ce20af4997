/** Verifies and makes signatures by the rules of Standard Webhooks (standardwebhooks.com), over the bytes that arrived. */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { keyOf } from './standard-key.ts';

/** What was signed, as it came: headers may be anything, and are null where they are missing. */
export interface SignedMessage {
  id: string;
  timestamp: string | null;
  signature: string | null;
  body: Uint8Array;
}

/** How far the timestamp of a message may be from the present, in seconds: as the libraries of Standard Webhooks have it. */
const toleranceSeconds = 300;
/** How many signatures of one message are compared. */
const maxSignatures = 20;

/** The HMAC that signs `<id>.<timestamp>.<body>` with a secret (`whsec_` and base64). */
const macOf = (secret: string, id: string, timestamp: string, body: Uint8Array | string): Buffer =>
  createHmac('sha256', Buffer.from(keyOf(secret), 'base64'))
    .update(`${id}.${timestamp}.`)
    .update(body)
    .digest();

/** The header `webhook-signature` of a message; `timestamp` is seconds since 1970, as its header has it. */
export const standardSignature = (
  secret: string,
  { id, timestamp, body }: { id: string; timestamp: string; body: Uint8Array | string },
): string => `v1,${macOf(secret, id, timestamp, body).toString('base64')}`;

/**
 * Whether one of the signatures was made with one of these secrets (`whsec_` and base64), a short while before or after `now`, which
 * is the database's time. It takes as long without a secret as with one.
 */
export function isSignedByStandard(
  { id, timestamp, signature, body }: SignedMessage,
  secrets: readonly string[],
  now: Date,
): boolean {
  const given = (signature ?? '')
    .split(' ', maxSignatures)
    .map((each) => /^v1,([A-Za-z0-9+/]{43}=)$/.exec(each)?.[1] ?? '')
    .map((text) => Buffer.from(text, 'base64'));
  const keys = secrets.length > 0 ? secrets : [randomBytes(32).toString('base64')];
  // All are computed and compared: how long it takes does not say which one was right.
  const right = keys.map((key) => {
    const expected = macOf(key, id, String(timestamp), body);
    return given.map((each) => each.length === expected.length && timingSafeEqual(each, expected));
  });
  return secrets.length > 0 && isFresh(timestamp, now) && right.flat().includes(true);
}

const isFresh = (timestamp: string | null, now: Date): boolean =>
  timestamp !== null &&
  /^\d{1,12}$/.test(timestamp) &&
  Math.abs(Number(timestamp) - now.getTime() / 1_000) <= toleranceSeconds;
