/**
 * A session is found by a token that only its owner has: the table holds the token's SHA-256. A person who reads the
 * table, a backup or a log of statements cannot sign in with it. The token is 32 random bytes, so a plain hash is
 * enough: it cannot be guessed. For `service_role`, not for users.
 */
import { createHash, randomBytes } from 'node:crypto';
import { sql, type Selectable } from 'kysely';
import { address, object, text, uuid, wholeNumber } from '../../database/faults/bad-input.ts';
import type { Db } from '../../database/connect.ts';
import { explaining } from '../../database/faults/constraint-errors.ts';
import type { UserSessions } from '../../database/tables.ts';

/** A row without the hash of its token. */
export type Session = Omit<Selectable<UserSessions>, 'token'>;

export interface NewSession {
  user_id: string;
  /** 1 s to a year; 14 days by default */
  lifetimeSeconds?: number | undefined;
  ip_address?: string | null | undefined;
  /** 1,000 characters at most */
  user_agent?: string | null | undefined;
}

const columns = ['id', 'user_id', 'ip_address', 'user_agent', 'expires_at', 'created_at'] as const;
const fortnight = 14 * 24 * 3600;
const year = 365 * 24 * 3600;

/** The content of `user_sessions.token`: 64 hexadecimal digits. */
const hash = (token: string): string => createHash('sha256').update(token).digest('hex');

/**
 * Opens a session. `token` (43 characters, base64url) is returned only by this call and stored nowhere. The lifetime
 * is counted by the database's clock. Throws BadInputError, and ConstraintError for a user who does not exist.
 */
export async function openSession(
  db: Db,
  given: NewSession,
): Promise<{ token: string; session: Session }> {
  const { user_id, lifetimeSeconds = fortnight, ip_address, user_agent } = object('given', given);
  const seconds = wholeNumber('lifetimeSeconds', lifetimeSeconds, 1, year);
  const token = randomBytes(32).toString('base64url');
  const values = {
    user_id: uuid('user_id', user_id),
    token: hash(token),
    ip_address: ip_address == null ? null : address('ip_address', ip_address),
    user_agent: user_agent == null ? null : text('user_agent', user_agent, 1000),
    expires_at: sql<Date>`engine.now() + make_interval(secs => ${seconds})`,
  };
  const session = await explaining('the session was not opened', {}, () =>
    db.insertInto('user_sessions').values(values).returning(columns).executeTakeFirstOrThrow(),
  );
  return { token, session };
}

/** The session of a token; undefined for a token that is unknown, malformed, closed or expired. */
export const findSession = async (db: Db, token: string): Promise<Session | undefined> =>
  typeof token === 'string'
    ? db
        .selectFrom('user_sessions')
        .select(columns)
        .where('token', '=', hash(token))
        .where('expires_at', '>', sql<Date>`engine.now()`)
        .executeTakeFirst()
    : undefined;

/** Ends a session; false when it did not exist. An expired session is removed too. */
export async function closeSession(db: Db, token: string): Promise<boolean> {
  if (typeof token !== 'string') return false;
  const { numDeletedRows } = await db
    .deleteFrom('user_sessions')
    .where('token', '=', hash(token))
    .executeTakeFirst();
  return numDeletedRows > 0n;
}
