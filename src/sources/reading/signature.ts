/** Compares secrets and signatures in a time that does not depend on where they differ. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Arrival } from './kind.ts';
import { toleranceMs } from './kind.ts';

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Whether two texts of any length are the same. */
export const sameText = (given: string, wanted: string): boolean =>
  timingSafeEqual(digest(given), digest(wanted));

export type HmacAlgorithm = 'sha1' | 'sha256';

/** The HMAC of a body, in lower-case hex. */
export const hmacOf = (algorithm: HmacAlgorithm, secret: string, body: Buffer | string): string =>
  createHmac(algorithm, secret).update(body).digest('hex');

/** The only value of a header; undefined where it is missing. Node joins repeated ones, so that these fit nothing. */
export function headerOf({ headers }: Pick<Arrival, 'headers'>, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}

/** Whether a header holds the HMAC of the body in hex, behind `prefix`. */
export function isSigned(
  arrival: Arrival,
  secret: string,
  { header, algorithm, prefix = '' }: { header: string; algorithm: HmacAlgorithm; prefix?: string },
): boolean {
  const given = headerOf(arrival, header);
  return (
    given !== undefined && sameText(given, `${prefix}${hmacOf(algorithm, secret, arrival.body)}`)
  );
}

/**
 * Whether `authorization` holds the secret: as the token of `Bearer`, or as the password of `Basic`, whatever the user is called.
 */
export function isAuthorised(arrival: Arrival, secret: string): boolean {
  const [, scheme = '', rest = ''] =
    /^(bearer|basic) +(\S+)$/i.exec(headerOf(arrival, 'authorization') ?? '') ?? [];
  if (scheme.toLowerCase() === 'bearer') return sameText(rest, secret);
  if (scheme === '') return false;
  const decoded = Buffer.from(rest, 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  return colon >= 0 && sameText(decoded.slice(colon + 1), secret);
}

/** Whether seconds since 1970, as a text, lie within the tolerance. */
export const isRecent = (seconds: string, now: Date): boolean =>
  /^\d{9,11}$/.test(seconds) && Math.abs(Number(seconds) * 1_000 - now.getTime()) <= toleranceMs;
