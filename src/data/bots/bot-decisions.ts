import { sql } from 'kysely';
import { jsonBuildObject } from 'kysely/helpers/postgres';
import type { Db } from '../../database/connect.ts';
import { object, text, uuid, uuids } from '../../database/faults/bad-input.ts';
import type { BotActions } from '../../database/tables.ts';
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
  object('about', about);
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
 * Heals that used up the approval of a row of `bot_decisions` under this alias: of its entry, on its finding, begun since.
 * An approval is for one heal; one that was aborted has applied nothing, and leaves it unused. For a subquery over
 * `bot_actions a`.
 */
const usesApproval = (alias: string) => {
  const column = (name: string) => sql.ref(`${alias}.${name}`);
  return sql<boolean>`a.finding_id = ${column('finding_id')} AND a.knowledge_id = ${column('knowledge_id')}
    AND a.taken_at >= ${column('answered_at')} AND a.state <> 'aborted'`;
};

/** Whether a row of `bot_decisions` under this alias is an approval that a heal has used up. */
export const approvalUsed = (alias: string) =>
  sql<boolean>`(${sql.ref(`${alias}.answer`)} = 'approved'
    AND EXISTS (SELECT FROM bot_actions a WHERE ${usesApproval(alias)}))`;

/** The heal that used up an approval, with the state of its last step. */
export interface UsingHeal {
  heal_id: string;
  /** as text, as JSON holds times */
  begun_at: string;
  state: BotActions['state'];
}

const usingHeal = (alias: string) => sql<UsingHeal | null>`(
  SELECT json_build_object('heal_id', a.heal_id, 'begun_at', a.taken_at, 'state', (
           SELECT l.state FROM bot_actions l WHERE l.heal_id = a.heal_id ORDER BY l.step DESC LIMIT 1))
  FROM bot_actions a WHERE ${sql.ref(`${alias}.answer`)} = 'approved' AND ${usesApproval(alias)}
  ORDER BY a.taken_at, a.step LIMIT 1)`;

/**
 * What is suggested for open findings, with what a person answered: the newest decision of each entry on each finding,
 * the newest first. They include decisions that only the mode kept from acting alone: an approval is enough for both.
 * `used` is the heal that used up the approval, null if none has. Throws BadInputError.
 */
export const suggestionsOnAll = async (db: Db, findingIds: readonly string[]) => {
  const ids = uuids('finding', [...findingIds]);
  if (ids.length === 0) return [];
  return db
    .selectFrom((eb) =>
      eb
        .selectFrom('bot_decisions as d')
        .innerJoin('bot_knowledge as k', 'k.id', 'd.knowledge_id')
        .leftJoin('bot_knowledge_autonomy as own', (join) =>
          join.onRef('own.knowledge_id', '=', 'k.id').onRef('own.component', '=', 'd.component'),
        )
        .distinctOn(['d.finding_id', 'd.knowledge_id'])
        .select(['d.id', 'd.finding_id', 'd.verdict', 'd.decided_at'])
        .select(['d.answer', 'd.answered_by', 'd.answered_at', usingHeal('d').as('used')])
        .select(['k.id as knowledge_id', 'k.name', 'k.solution', 'k.enabled'])
        .where('d.finding_id', '=', sql<string>`ANY(${ids}::uuid[])`)
        .where((where) =>
          where.or([
            where('d.verdict', '=', 'suggested'),
            where.and([
              where('d.gate', '=', 'mode'),
              where(where.fn.coalesce('own.autonomy', 'k.autonomy'), '<>', 'shadow'),
            ]),
          ]),
        )
        .orderBy('d.finding_id')
        .orderBy('d.knowledge_id')
        .orderBy('d.id', 'desc')
        .as('newest'),
    )
    .selectAll()
    .orderBy('id', 'desc')
    .execute();
};

/** What is suggested for one finding, as {@link suggestionsOnAll}. Throws BadInputError. */
export const suggestionsOn = async (db: Db, findingId: string) =>
  suggestionsOnAll(db, [uuid('finding', findingId)]);

export type Suggestion = Awaited<ReturnType<typeof suggestionsOn>>[number];

/**
 * Whether a person may give this answer now: the suggestion has no answer yet, or another one that no heal has used. A used
 * approval is past; the entry suggests again when it may.
 */
export const mayAnswer = (
  wanted: 'approved' | 'rejected',
  { answer, used }: Pick<Suggestion, 'answer' | 'used'>,
): boolean => answer !== wanted && used === null;
