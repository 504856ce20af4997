import { joinEmbedded, type EmbeddedDatabase } from './index.ts';
import { leaveAtEnd } from './leave-at-end.ts';
import type { OnWait } from './locks.ts';

/**
 * Joins for a command that a person may end with Ctrl-C or by closing the terminal: then, too, the command leaves the server,
 * which stops if no other process uses it. When waiting takes long, `onWait` is called with words that say what the command
 * waits for.
 */
export async function joinAsCommand(
  home: string,
  { create, onWait }: { create: boolean; onWait: OnWait },
): Promise<EmbeddedDatabase> {
  const forget = leaveAtEnd(home);
  try {
    const joined = await joinEmbedded(home, { create, onWait });
    return { ...joined, leave: () => joined.leave().finally(forget) };
  } catch (error) {
    forget();
    throw error;
  }
}
