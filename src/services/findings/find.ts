import { quietColumns, ticketColumn } from '../../data/bots/bot-findings.ts';
import type { Db } from '../../database/connect.ts';
import { findingIdOf } from '../references/by-id.ts';

/**
 * A finding by its id or the beginning of it, why people are not told of it, if so, and the ticket that stands
 * for it. Throws NotFoundError,
 * AmbiguousIdError.
 */
export async function findFinding(db: Db, given: string) {
  const id = await findingIdOf(db, given);
  return db
    .selectFrom('bot_findings')
    .selectAll()
    .select(quietColumns('bot_findings'))
    .select(ticketColumn('bot_findings'))
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
}
