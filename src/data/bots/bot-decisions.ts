import { jsonBuildObject } from 'kysely/helpers/postgres';
import type { Db } from '../connect.ts';

/**
 * What the engine decided about one finding, or about a problem whenever it came (by fingerprint);
 * newest first, each with the entry of knowledge that it was about.
 */
export function decisionsOn(
  db: Db,
  about: { finding: string } | { fingerprint: string },
  limit: number,
) {
  const query = db
    .selectFrom('bot_decisions as decision')
    .leftJoin('bot_knowledge as k', 'k.id', 'decision.knowledge_id')
    .selectAll('decision')
    .select((eb) =>
      eb
        .case()
        .when('k.id', 'is not', null)
        .then(jsonBuildObject({ name: eb.ref('k.name'), solution: eb.ref('k.solution') }))
        .end()
        .as('bot_knowledge'),
    )
    .orderBy('decision.id', 'desc')
    .limit(limit);
  return 'finding' in about
    ? query.where('decision.finding_id', '=', about.finding).execute()
    : query.where('decision.fingerprint', '=', about.fingerprint).execute();
}

export type ListedDecision = Awaited<ReturnType<typeof decisionsOn>>[number];
