import type { Db } from '../../database/connect.ts';
import { hasPlatform } from '../../database/migrate/extent.ts';
import { RoundsmanError } from '../../ground/errors.ts';

/** Only the bots are installed in this database, and what was asked for is about the platform's documented tables. */
export class NoPlatformError extends RoundsmanError {}

/** Throws {@link NoPlatformError} if the platform's tables are not there; `what` says what was not done. */
export async function requirePlatform(db: Db, what: string): Promise<void> {
  if (await hasPlatform(db)) return;
  throw new NoPlatformError({
    what,
    why: "only the bots are installed in this database, without the platform's documented tables",
    hint: '`npx roundsman db migrate` adds them, or says what stands in the way',
  });
}
