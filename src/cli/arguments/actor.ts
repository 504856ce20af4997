import { userInfo } from 'node:os';
import { UsageError } from '../../ground/errors.ts';
import { printable } from '../../ground/text.ts';
import type { Actor } from '../../services/actor.ts';

/** The names under which the engine, its policy and the platform's own code write: no person may act under them. */
const reservedNames = new Set(['roundsman', 'policy', 'external']);

/** The name of the person who acts: `--as`, or the name of the account that runs this command. */
export function actorName(as?: string): string {
  const given = as?.trim();
  if (given && printable(given) !== given)
    throw new UsageError({
      what: '--as cannot be used',
      why: 'it holds a character that does not show, or that reorders the text beside it',
      hint: 'write the name in letters that show',
    });
  if (given && reservedNames.has(given.toLowerCase()))
    throw new UsageError({
      what: '--as cannot be used',
      why: `${given} is not a person: what the engine does by itself is written under this name`,
      hint: 'give the name of the person who acts',
    });
  if (given) return given;
  try {
    const { username } = userInfo();
    return reservedNames.has(username.toLowerCase()) ? `account ${username}` : username;
  } catch {
    // A container's user may have no entry in the list of accounts.
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}

let running: string | undefined;

/** Remembers which command runs, as `bots edit`: the history of definitions names it. */
export const noteCommand = (name: string): void => void (running = name);

/** A person who has the database's address has every right. */
export const actorOf = (as?: string): Actor => ({
  name: actorName(as),
  role: 'owner',
  source: 'command',
  ...(running !== undefined && { place: running }),
});
