import { jsonBuildObject } from 'kysely/helpers/postgres';
import type { Db } from '../../database/connect.ts';
import { fields, text, uuid } from '../../database/faults/bad-input.ts';
import { rowLimit } from './row-limit.ts';

/**
 * What the engine decided about one finding, or (by fingerprint) about a problem in all its findings. Newest first,
 * each with its entry of knowledge, and how freely that entry may act there now. Throws BadInputError.
 */
export async function decisionsOn(
  db: Db,
  about: { finding: string } | { fingerprint: string },
  limit: number,
) {
  fields('about', about);
  const query = db
    .selectFrom('bot_decisions as decision')
    .leftJoin('bot_knowledge as k', 'k.id', 'decision.knowledge_id')
    .leftJoin('bot_knowledge_autonomy as own', (join) =>
      join.onRef('own.knowledge_id', '=', 'k.id').onRef('own.component', '=', 'decision.component'),
    )
    .selectAll('decision')
    .select((eb) =>
      eb
        .case()
        .when('k.id', 'is not', null)
        .then(
          jsonBuildObject({
            name: eb.ref('k.name'),
            solution: eb.ref('k.solution'),
            enabled: eb.ref('k.enabled'),
            autonomy: eb.fn.coalesce('own.autonomy', 'k.autonomy'),
          }),
        )
        .end()
        .as('bot_knowledge'),
    )
    .orderBy('decision.id', 'desc')
    .limit(rowLimit(limit));
  return 'finding' in about
    ? query.where('decision.finding_id', '=', uuid('finding', about.finding)).execute()
    : query
        .where('decision.fingerprint', '=', text('fingerprint', about.fingerprint, 1_000))
        .execute();
}

export type ListedDecision = Awaited<ReturnType<typeof decisionsOn>>[number];

/**
 * Suggestions for an open finding that no person has answered: the newest of each entry, the newest first. They
 * include decisions that only the mode kept from acting alone: an approval is enough for both. Throws
 * BadInputError.
 */
export const suggestionsOn = async (db: Db, findingId: string) =>
  db
    .selectFrom((eb) =>
      eb
        .selectFrom('bot_decisions as d')
        .innerJoin('bot_knowledge as k', 'k.id', 'd.knowledge_id')
        .leftJoin('bot_knowledge_autonomy as own', (join) =>
          join.onRef('own.knowledge_id', '=', 'k.id').onRef('own.component', '=', 'd.component'),
        )
        .distinctOn('d.knowledge_id')
        .select(['d.id', 'd.verdict', 'd.decided_at', 'd.answer', 'd.answered_by', 'd.answered_at'])
        .select(['k.id as knowledge_id', 'k.name', 'k.solution', 'k.enabled'])
        .where('d.finding_id', '=', uuid('finding', findingId))
        .where((where) =>
          where.or([
            where('d.verdict', '=', 'suggested'),
            where.and([
              where('d.gate', '=', 'mode'),
              where(where.fn.coalesce('own.autonomy', 'k.autonomy'), '<>', 'shadow'),
            ]),
          ]),
        )
        .orderBy('d.knowledge_id')
        .orderBy('d.id', 'desc')
        .as('newest'),
    )
    .selectAll()
    .orderBy('id', 'desc')
    .execute();

export type Suggestion = Awaited<ReturnType<typeof suggestionsOn>>[number];
