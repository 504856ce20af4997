/** Makes an entry of knowledge from what a person did about a ticket; it begins in shadow. */
import type { KnowledgeRow } from '../../data/bots/bot-knowledge.ts';
import type { TicketRow } from '../../data/bots/bot-tickets.ts';
import type { Db } from '../../database/connect.ts';
import { UsageError } from '../../ground/errors.ts';
import { generalise, nameFrom } from '../../heal/patterns/generalise.ts';
import { checkPattern } from '../../heal/patterns/pattern.ts';
import { isPlaybook } from '../../playbook/read.ts';
import { storable } from '../../ground/text.ts';
import { isStorm } from '../../data/bots/pending-tickets.ts';
import { addKnowledge } from '../../transitions/knowledge/add.ts';
import { noteOnTicket } from '../../transitions/tickets/note.ts';
import { authorise, type Actor } from '../actor.ts';
import { changing } from '../changing.ts';
import { replay, type Replay } from '../knowledge/replay.ts';
import { credentialWarnings, type KnowledgeWarning } from '../knowledge/warnings.ts';

/** How many days back a pattern is tried on past findings. */
export const replayedDays = 30;
/** The category for a ticket without a finding. */
const anyCategory = 'general';

export interface Proposal {
  name: string;
  category: string;
  issue_pattern: string;
  solution: string;
  replay: Replay;
}

/** Throws {@link UsageError} when nothing can be learnt from this ticket. */
export async function propose(db: Db, ticket: TicketRow, notes: string): Promise<Proposal> {
  if (isPlaybook(notes))
    throw new UsageError({
      what: `nothing can be learnt from T-${ticket.number}`,
      why: 'the notes begin like a playbook, but only advice can be learnt from notes',
      hint: '`npx roundsman knowledge add` takes playbooks',
    });
  if (isStorm(ticket))
    throw new UsageError({
      what: `nothing can be learnt from T-${ticket.number}`,
      why: 'it stands for a storm: its title is not that of a finding, so no pattern can be made of it',
      hint: "`npx roundsman knowledge add NAME --pattern 'words of their titles' ...` teaches what helped",
    });
  const issue_pattern = generalise(ticket.title);
  checkPattern(issue_pattern);
  const finding = await db
    .selectFrom('bot_findings')
    .select('category')
    .where('id', '=', ticket.finding_id)
    .executeTakeFirst();
  return {
    name: await freeName(db, nameFrom(ticket.title) || `ticket-${ticket.number}`),
    category: finding?.category ?? anyCategory,
    issue_pattern,
    solution: notes,
    replay: await replay(db, issue_pattern, { since: replayedDays * 86_400 }),
  };
}

/** The name; with a number added if it is taken. */
async function freeName(db: Db, wanted: string): Promise<string> {
  const rows = await db
    .selectFrom('bot_knowledge')
    .select('name')
    .where('name', 'like', `${wanted}%`)
    .execute();
  const taken = new Set(rows.map(({ name }) => name));
  const numbered = (number: number) => (number === 1 ? wanted : `${wanted}-${number}`);
  let number = 1;
  while (taken.has(numbered(number))) number += 1;
  return numbered(number);
}

/**
 * Stores the proposed entry, under the next free name if another entry took its name meanwhile. For operators: a
 * learnt entry begins in shadow and acts on nothing.
 */
export async function learn(
  { db, actor }: { db: Db; actor: Actor },
  ticket: TicketRow,
  { replay: _, ...proposal }: Proposal,
): Promise<{ entry: KnowledgeRow; warnings: KnowledgeWarning[] }> {
  authorise(actor, 'learn from tickets', 'operator');
  const by = storable(actor.name);
  const change = { actor: by, why: `learnt from T-${ticket.number}` };
  const store = (name: string) =>
    changing(
      { db, actor },
      (trx) => addKnowledge(trx, { ...proposal, name, autonomy: 'shadow' }, change),
      change.why,
    );
  let added = await store(proposal.name);
  while (!added) added = await store(await freeName(db, proposal.name));
  const { entry } = added;
  const { name } = entry;
  await db.transaction().execute((trx) => noteOnTicket(trx, ticket.id, by, { learnt: name }));
  return { entry, warnings: credentialWarnings(entry) };
}
