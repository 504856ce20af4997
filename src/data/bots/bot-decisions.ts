import { sql } from 'kysely';
import { jsonBuildObject } from 'kysely/helpers/postgres';
import type { Db } from '../../database/connect.ts';

const now = sql<Date>`engine.now()`;

/**
 * What the engine decided about one finding, or about a problem whenever it came (by fingerprint);
 * newest first, each with the entry of knowledge that it was about, and how freely that may act there now.
 */
export function decisionsOn(
  db: Db,
  about: { finding: string } | { fingerprint: string },
  limit: number,
) {
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
    .limit(limit);
  return 'finding' in about
    ? query.where('decision.finding_id', '=', about.finding).execute()
    : query.where('decision.fingerprint', '=', about.fingerprint).execute();
}

export type ListedDecision = Awaited<ReturnType<typeof decisionsOn>>[number];

/**
 * What the engine suggests for an open finding and nobody has answered, each entry's newest, the newest
 * first. Asked for are suggestions, and what only the mode keeps from acting alone: an approval opens both.
 */
export const suggestionsOn = (db: Db, findingId: string) =>
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
        .where('d.finding_id', '=', findingId)
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

/** A person's answer to a suggestion, written once: undefined when somebody answered before. */
export const answerDecision = (
  db: Db,
  id: string,
  answer: 'approved' | 'rejected',
  answered_by: string,
) =>
  db
    .updateTable('bot_decisions')
    .set({ answer, answered_by, answered_at: now })
    .where('id', '=', id)
    .where('answer', 'is', null)
    .returningAll()
    .executeTakeFirst();

/**
 * A person ended the ticket: nothing can be learnt any more of whether its problem recovers untouched, unless that was
 * known by then. Where
 * they said what the cure was, every entry that spoke from the shadow was right or wrong; an earlier answer
 * gives way, because that cure did not last. All in one statement, so that entries are locked in order.
 */
export async function answerByCure(
  db: Db,
  ticket: { fingerprint: string; finding_id: string | null; created_at: Date | null },
  by: string,
  cure: { knowledge: { id: string } | null } | undefined,
): Promise<void> {
  const scored = sql`(${cure !== undefined} AND d.verdict = 'shadowed'
    AND (d.finding_id = ${ticket.finding_id}::uuid OR d.decided_at >= ${ticket.created_at}::timestamptz)) IS TRUE`;
  // Of events that have told that it was over before anybody came, the person has touched nothing.
  const touched = sql`(d.outcome = 'pending' AND d.clean_at IS NULL)`;
  await sql`
    UPDATE bot_decisions d
    SET outcome = CASE WHEN ${touched} THEN 'touched' ELSE d.outcome END,
        settled_at = CASE WHEN ${touched} THEN engine.now() ELSE d.settled_at END,
        answer = CASE WHEN NOT ${scored} THEN d.answer
                      WHEN d.knowledge_id = ${cure?.knowledge?.id ?? null}::uuid THEN 'approved' ELSE 'rejected' END,
        answered_by = CASE WHEN ${scored} THEN ${by}::text ELSE d.answered_by END,
        answered_at = CASE WHEN ${scored} THEN engine.now() ELSE d.answered_at END
    WHERE d.fingerprint = ${ticket.fingerprint}::text AND (${touched} OR ${scored})`.execute(db);
}
