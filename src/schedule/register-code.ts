import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Db } from '../database/connect.ts';
import { enableWithCode } from '../transitions/bots/enable-with-code.ts';
import { leaveOffWithoutCode } from '../transitions/bots/leave-off-without-code.ts';

/**
 * Enables the bots whose code is back, and leaves those off whose code no living process has. Called by a process at its start, after
 * its heartbeat has said which bots it knows. Returns the names of both.
 */
export async function registerCode(
  db: Db,
  { bots }: Pick<Catalogue, 'bots'>,
): Promise<{ enabled: string[]; leftOff: string[] }> {
  const known = bots.map(({ name }) => name);
  return { enabled: await enableWithCode(db, known), leftOff: await leaveOffWithoutCode(db) };
}
