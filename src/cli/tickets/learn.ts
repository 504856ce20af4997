/** What a person did about a ticket becomes an entry of knowledge, in shadow at first. */
import { addKnowledge, type KnowledgeRow } from '../../data/bots/bot-knowledge.ts';
import { noteTicket, type TicketRow } from '../../data/bots/bot-tickets.ts';
import type { Db } from '../../database/connect.ts';
import { UsageError } from '../../ground/errors.ts';
import { generalise, nameFrom } from '../../heal/patterns/generalise.ts';
import { checkPattern } from '../../heal/patterns/pattern.ts';
import { isPlaybook } from '../../playbook/read.ts';
import { printable } from '../../ground/text.ts';
import { tellOfCredentials } from '../knowledge/warnings.ts';
import { replay, type Replay } from '../knowledge/replay.ts';
import { counted, facts, say, section, shortId } from '../terminal/print.ts';
import { table } from '../terminal/table.ts';

/** How far back a pattern is tried. */
const days = 30;
/** What is known of a ticket without a finding. */
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
      why: 'the notes begin as a playbook does, and what is learnt is advice',
      hint: '`npx roundsman knowledge add` takes playbooks',
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
    replay: await replay(db, issue_pattern, { since: days * 86_400 }),
  };
}

/** The name, with a number behind it when it is taken. */
async function freeName(db: Db, wanted: string): Promise<string> {
  const rows = await db
    .selectFrom('bot_knowledge')
    .select('name')
    .where('name', 'like', `${wanted}%`)
    .execute();
  const taken = new Set(rows.map(({ name }) => name));
  const free = (number: number) => (number === 1 ? wanted : `${wanted}-${number}`);
  let number = 1;
  while (taken.has(free(number))) number += 1;
  return free(number);
}

/** Stores what was proposed, under the next free name if somebody took this one meanwhile. */
export async function learn(
  db: Db,
  ticket: TicketRow,
  { replay: _, ...proposal }: Proposal,
  actor: string,
): Promise<KnowledgeRow> {
  const change = { actor, why: `learnt from T-${ticket.number}` };
  const store = (name: string) =>
    addKnowledge(db, { ...proposal, name, autonomy: 'shadow' }, change);
  let entry = await store(proposal.name);
  while (!entry) entry = await store(await freeName(db, proposal.name));
  tellOfCredentials(entry);
  await noteTicket(db, ticket.id, actor, { learnt: entry.name });
  return entry;
}

export function showProposal({ name, category, issue_pattern, solution, replay }: Proposal): void {
  const { examined, matched, fingerprints, examples, wrongly, cut } = replay;
  section('To be learnt, in shadow');
  facts([
    ['Name', printable(name)],
    ['Category', printable(category)],
    ['Pattern', printable(issue_pattern)],
    ['Solution', printable(solution)],
    [
      'Would have matched',
      `${matched} of ${counted(examined, 'finding')} of the last ${days} days, ${counted(fingerprints, 'problem')}${cut ? '; older ones were left out' : ''}`,
    ],
    [
      'Wrongly',
      wrongly.length === 0
        ? 'none that is known of'
        : wrongly
            .map(
              (each) => `${counted(each.findings, 'finding')} that ${printable(each.name)} cured`,
            )
            .join(', '),
    ],
  ]);
  if (examples.length === 0) return;
  table(
    ['Finding', 'Title', 'Component'],
    examples.map((finding) => [
      shortId(finding.id),
      printable(finding.title),
      printable(finding.affected_component ?? '-'),
    ]),
    '',
    ['Component'],
  );
  say();
}
