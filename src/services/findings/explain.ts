import type { Catalogue } from '../../catalogue/catalogue.ts';
import { mayAnswer, suggestionsOnAll } from '../../data/bots/bot-decisions.ts';
import { pendingTickets } from '../../data/bots/bot-tickets.ts';
import { stormFor } from '../../data/bots/pending-tickets.ts';
import { currentTime } from '../../data/bots/engine.ts';
import type { Db } from '../../database/connect.ts';
import { explain } from '../../heal/explain.ts';
import { isPlaybook } from '../../playbook/read.ts';
import { readTooFewSince } from './counted-events.ts';
import { findFinding, findFindingOfTicket, type FoundFinding } from './find.ts';
import type { FindingContext } from './gate-commands.ts';

export type { Explained, Explanation } from '../../heal/explain.ts';
export type { FindingContext } from './gate-commands.ts';
export type { FindingRow } from './list.ts';

/**
 * A finding, which may be given by its ticket: what a run would do about it now, and what was decided about it and why.
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
  const [about] = await contextsOf(db, [finding]);
  const since = await readTooFewSince(db, finding);
  return { finding, explanation, about: about!, tooFewSince: since, now: await currentTime(db) };
}

/** For each finding, the names and states that its gates in words need. */
export async function contextsOf(
  db: Db,
  findings: readonly FoundFinding[],
): Promise<FindingContext[]> {
  const bots = await db
    .selectFrom('bots')
    .select(['id', 'name', 'status'])
    .where('id', 'in', [...new Set(findings.map(({ bot_id }) => bot_id!))])
    .execute();
  const tickets = await pendingTickets(
    db,
    findings.flatMap(({ fingerprint, bot_id }) => [fingerprint, stormFor(bot_id!)]),
  );
  const ticketOf = (bot: string | null, wanted: string) => {
    const found = tickets.find((row) => row.bot_id === bot && row.fingerprint === wanted);
    return found ? `T-${found.number}` : null;
  };
  const suggestions = await suggestionsOnAll(
    db,
    findings.map(({ id }) => id),
  );
  return findings.map((finding) => {
    const { id, bot_id, fingerprint, affected_component, suppressor } = finding;
    const bot = bots.find((row) => row.id === bot_id);
    return {
      finding: id,
      component: affected_component,
      bot: bot?.name ?? '-',
      bot_status: bot?.status ?? 'disabled',
      ticket: ticketOf(bot_id, fingerprint),
      storm: ticketOf(bot_id, stormFor(bot_id!)),
      suppressor,
      silences: finding.bot_silences,
      maintenance: finding.bot_maintenance,
      suggestions: suggestions
        .filter(({ finding_id }) => finding_id === id)
        .map((each) => ({
          knowledge_id: each.knowledge_id,
          canApprove: mayAnswer('approved', each) && isPlaybook(each.solution) && each.enabled,
        })),
    };
  });
}
