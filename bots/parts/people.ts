/**
 * How titles of findings name a user: by a masked e-mail address, which an operator recognises, and the beginning of the id. Names stay
 * out: users choose them freely, and findings are sent to other systems. The whole id is in the metadata.
 */
import { sql } from '../../src/bot.ts';

/**
 * SQL: `a…@example.com` of the user with this id; NULL without a profile, or where its address has no usual form. `id` is an
 * expression of type uuid.
 */
export const maskedEmail = (id: ReturnType<typeof sql>) => sql<string | null>`(
  SELECT coalesce(substring(p.email FROM '^[A-Za-z0-9](?=[^@]{2})'), '') || '…' || substring(p.email FROM '@[A-Za-z0-9][A-Za-z0-9.-]{0,59}$')
  FROM profiles p WHERE p.id = ${id})`;

/** `a…@example.com (3f2a1b9c)`; the whole id where no address is known. */
export const userInWords = (id: string, email: string | null): string =>
  email === null ? id : `${email} (${id.slice(0, 8)})`;

/** RE2: what {@link userInWords} returns, for the patterns of knowledge. */
export const anyUser = '([0-9a-f-]{36}|\\S{1,80} \\([0-9a-f]{8}\\))';
