import type { Catalogue } from '../../catalogue/catalogue.ts';
import { pendingTickets } from '../../data/bots/bot-tickets.ts';
import { currentTime } from '../../data/bots/engine.ts';
import type { Db } from '../../database/connect.ts';
import { explain } from '../../heal/explain.ts';
import { findFinding, findFindingOfTicket, type FoundFinding } from './find.ts';
import type { About } from './gate-in-words.ts';

export type { Explained, Explanation } from '../../heal/explain.ts';
export type { About } from './gate-in-words.ts';
export type { FindingRow } from './list.ts';

/**
 * A finding, or that of a ticket, what a run would do about it now, and what was decided about it and why.
 * Throws NotFoundError, AmbiguousIdError.
 */
export async function explainFinding(
  { db, catalogue }: { db: Db; catalogue: () => Promise<Catalogue> },
  given: { finding: string } | { ticket: string },
) {
  const finding =
    'ticket' in given
      ? await findFindingOfTicket(db, given.ticket)
      : await findFinding(db, given.finding);
  const explanation = await explain(db, await catalogue(), finding);
  const [about] = await aboutFindings(db, [finding]);
  return { finding, explanation, about: about!, now: await currentTime(db) };
}

/** What the commands that open a gate, or ask again, have to name, for each of the findings. */
export async function aboutFindings(db: Db, findings: readonly FoundFinding[]): Promise<About[]> {
  const bots = await db
    .selectFrom('bots')
    .select(['id', 'name'])
    .where('id', 'in', [...new Set(findings.map(({ bot_id }) => bot_id!))])
    .execute();
  const tickets = await pendingTickets(
    db,
    findings.map(({ fingerprint }) => fingerprint),
  );
  return findings.map(({ id, bot_id, fingerprint, suppressor, bot_silences }) => {
    const ticket = tickets.find((row) => row.bot_id === bot_id && row.fingerprint === fingerprint);
    return {
      finding: id,
      bot: bots.find((bot) => bot.id === bot_id)?.name ?? '-',
      ticket: ticket ? `T-${ticket.number}` : null,
      suppressor,
      silences: bot_silences,
    };
  });
}
