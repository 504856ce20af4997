import type { Db } from '../../database/connect.ts';
import { ConstraintError, explainRefusal } from '../../database/faults/constraint-errors.ts';
import { RoundsmanError } from '../../ground/errors.ts';

/** Another bot reads this source already: what a source sends reaches one bot. Nothing was written. */
export class SourceTakenError extends RoundsmanError {}

/**
 * Runs a write after which a bot has `endpoint`, and throws {@link SourceTakenError} when a bot that was not removed has the same source.
 * `what` says what was not done.
 */
export async function refusingTakenSource<Result>(
  db: Db,
  { what, endpoint }: { what: string; endpoint: string },
  write: () => Promise<Result>,
): Promise<Result> {
  try {
    return await write();
  } catch (error) {
    const refused = explainRefusal(error, what);
    if (!(refused instanceof ConstraintError && refused.constraint === 'idx_bots_source'))
      throw error;
    // PostgreSQL answers nothing more in the caller's own transaction, which has failed.
    const other = db.isTransaction
      ? undefined
      : await db
          .selectFrom('bots')
          .select('name')
          .where('api_endpoint', '=', endpoint)
          .where('removed_at', 'is', null)
          .executeTakeFirst();
    const reader = other?.name ?? 'another bot';
    throw new SourceTakenError(
      {
        what,
        why: `${reader} reads the source of ${endpoint} already, and what a source sends reaches one bot`,
        hint: `take another name for the source, or \`npx roundsman sources show ${other?.name ?? 'NAME'}\`, and remove that bot first`,
      },
      { cause: error },
    );
  }
}
