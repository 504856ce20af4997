import type { Selectable } from 'kysely';
import type { Catalogue } from '../../catalogue/catalogue.ts';
import { quietColumns } from '../../data/bots/bot-findings.ts';
import { currentTime } from '../../data/bots/engine.ts';
import type { Db } from '../../database/connect.ts';
import type { BotFindings } from '../../database/tables.ts';
import { explain } from '../../heal/explain.ts';
import { findingIdOf } from '../references/by-id.ts';

export type { Explained, Explanation } from '../../heal/explain.ts';
export type FindingRow = Selectable<BotFindings>;

/**
 * A finding with what would happen to it if a run came now, and what was decided about it and why. Throws
 * NotFoundError, AmbiguousIdError.
 */
export async function explainFinding(
  { db, catalogue }: { db: Db; catalogue: () => Promise<Catalogue> },
  { finding: given }: { finding: string },
) {
  const id = await findingIdOf(db, given);
  const finding = await db
    .selectFrom('bot_findings')
    .selectAll()
    .select(quietColumns('bot_findings'))
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  const explanation = await explain(db, await catalogue(), finding);
  return { finding, explanation, now: await currentTime(db) };
}
