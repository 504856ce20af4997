import { decisionsOn } from '../../data/bots/bot-decisions.ts';
import { currentTime } from '../../data/bots/engine.ts';
import type { Db } from '../../database/connect.ts';
import { findFinding } from './find.ts';

/** The most rows of each kind. */
const most = 50;

/**
 * A finding with its bot, its history as a fingerprint, and the decisions, actions and tickets about it. Throws
 * NotFoundError, AmbiguousIdError.
 */
export async function showFinding(db: Db, { finding: given }: { finding: string }) {
  const finding = await findFinding(db, given);
  const { id } = finding;
  const bots = await db
    .selectFrom('bots')
    .select('name')
    .where('id', '=', finding.bot_id)
    .executeTakeFirstOrThrow();
  const actions = await db
    .selectFrom('bot_actions')
    .selectAll()
    .where('finding_id', '=', id)
    .orderBy('taken_at', 'desc')
    .orderBy('step', 'desc')
    .limit(most)
    .execute();
  const decisions = await decisionsOn(db, { finding: id }, most);
  const tickets = await db
    .selectFrom('bot_tickets')
    .selectAll()
    .where('finding_id', '=', id)
    .orderBy('number', 'desc')
    .limit(most)
    .execute();
  const memory = await db
    .selectFrom('bot_finding_states')
    .selectAll()
    .where('fingerprint', '=', finding.fingerprint)
    .executeTakeFirst();
  return { finding, bots, actions, decisions, tickets, memory, now: await currentTime(db) };
}
