import { userInfo } from 'node:os';
import type { Actor } from '../../services/actor.ts';

/** The name of the person who acts: `--as`, or the name of the account that runs this command. */
export function actor(as?: string): string {
  if (as?.trim()) return as.trim();
  try {
    return userInfo().username;
  } catch {
    // A container's user may have no entry in the list of accounts.
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}

/** A person who has the database's address has every right. */
export const actorOf = (as?: string): Actor => ({ name: actor(as), role: 'owner' });
