/** Reads the tickets of a review, the worst and most overdue first, each with all that a person needs for a decision. */
import type { Selectable } from 'kysely';
import type { Catalogue } from '../../catalogue/catalogue.ts';
import { readSolution } from '../../catalogue/solution.ts';
import { suggestionsOn, type Suggestion } from '../../data/bots/bot-decisions.ts';
import { oneTicket, type ListedTicket } from '../../data/bots/bot-tickets.ts';
import { currentTime } from '../../data/bots/engine.ts';
import { mergedInto } from '../../data/bots/merged-tickets.ts';
import { isStorm } from '../../data/bots/pending-tickets.ts';
import { countInStorms } from '../../data/bots/storms.ts';
import { findTickets } from '../../data/bots/ticket-list.ts';
import { lastResults, stepsOf, ticketMark } from '../../data/review/ticket-mark.ts';
import type { Db } from '../../database/connect.ts';
import type { BotFindings } from '../../database/tables.ts';
import { triedOf, type Tried } from '../../heal/judging/current-solution.ts';
import { figuresOf, type Figures } from '../../heal/judging/figures.ts';
import { isReversible } from '../actions/reversible.ts';
import { nextEscalation, type NextEscalation } from '../policy/next.ts';
import { openOrFirstFinding, ticketOf } from '../references/ticket.ts';
import { matchOf, type ListTickets } from './list.ts';
import { relatedTo, type Related } from './related.ts';

/** Which tickets are reviewed: as a list asks for them. */
export type ReviewFilter = Omit<
  ListTickets,
  'order' | 'limit' | 'after' | 'merged' | 'all' | 'except'
>;

/** How many steps of heals are read, the newest ones. */
const maxSteps = 10;

/** An entry that is suggested for the problem and waits for an answer, or may be answered anew. */
export interface Suggested {
  suggestion: Suggestion;
  /** what would be carried out; empty for advice */
  steps: string[];
  /** why its playbook cannot run; null if it can, and for advice */
  broken: string | null;
  /** each step can be undone */
  isUndoable: boolean;
  figures: Figures;
  tried: Tried;
}

export interface Review {
  ticket: ListedTicket;
  /** the open finding of its problem, else the one for which it was opened */
  finding: Selectable<BotFindings> | undefined;
  suggested: Suggested[];
  steps: Awaited<ReturnType<typeof stepsOf>>;
  /** the newest results of its check, the newest last; true: it failed */
  results: boolean[];
  related: Related;
  escalation: NextEscalation | null;
  /** how many tickets are merged into it */
  merged: number;
  /** of a storm: how many open findings it stands for */
  storm: number | null;
  /** a text that changes when anything of this changes ({@link import('./review-changes.ts')}) */
  mark: string;
  /** the id of its newest event when this was read */
  event: string;
  /** the database's time */
  now: Date;
}

type Context = { db: Db; catalogue: () => Promise<Catalogue> };

/**
 * The ticket that a person takes next, without those that they have seen (`except`); null if none is left. `left` counts it and
 * those after it. Throws NotFoundError for a bot of the filter.
 */
export async function nextToReview(
  context: Context,
  { filter: { snoozed, ...which }, except }: { filter: ReviewFilter; except: readonly string[] },
): Promise<{ review: Review | null; left: number }> {
  const match = await matchOf(context.db, which);
  const waiting = { snoozed: snoozed ?? false, merged: false };
  const filter = { ...match, ...waiting, except, limit: 1 };
  const { ids, counts } = await findTickets(context.db, filter, { left: waiting });
  const [id] = ids;
  return { review: id === undefined ? null : await read(context, id), left: counts.left };
}

/** Throws NotFoundError for a bot that the filter names and that is not there. */
export async function requireKnownBot(
  db: Db,
  { snoozed: _, ...which }: ReviewFilter,
): Promise<void> {
  await matchOf(db, which);
}

/** One ticket for a review, whatever its status. Throws NotFoundError, UsageError. */
export async function readReview(
  context: Context,
  { ticket: given }: { ticket: string },
): Promise<Review> {
  const { id } = await ticketOf(context.db, given);
  return read(context, id);
}

/** Reads one review. The queries run at the same time, on as many connections as there are. */
async function read({ db, catalogue }: Context, id: string): Promise<Review> {
  // The mark is read first, so that a change during the other reads is noticed afterwards.
  const { mark, event } = (await ticketMark(db, id)) ?? { mark: '', event: '0' };
  const ticket = (await oneTicket(db, id))!;
  const [known, steps, results, related, escalation, merged, storm, now] = await Promise.all([
    knownAbout({ db, catalogue }, ticket),
    stepsOf(db, ticket, maxSteps),
    lastResults(db, ticket.fingerprint),
    relatedTo(db, { ticket: id }),
    nextEscalation(db, id),
    mergedInto(db, id),
    isStorm(ticket) ? countInStorms(db, [ticket.bot_id!]) : null,
    currentTime(db),
  ]);
  return {
    ticket,
    ...known,
    steps,
    results,
    related,
    escalation,
    merged: merged.length,
    storm: storm ? (storm.get(ticket.bot_id!) ?? 0) : null,
    mark,
    event,
    now,
  };
}

async function knownAbout(
  { db, catalogue }: Context,
  ticket: ListedTicket,
): Promise<Pick<Review, 'finding' | 'suggested'>> {
  const finding = await openOrFirstFinding(db, ticket);
  // A suggestion for one finding of a storm cannot be answered on a ticket.
  if (!finding || finding.resolved_at || isStorm(ticket)) return { finding, suggested: [] };
  const open = (await suggestionsOn(db, finding.id)).filter(({ used }) => used === null);
  if (open.length === 0) return { finding, suggested: [] };
  const ids = open.map(({ knowledge_id }) => knowledge_id);
  const [figures, tried, all] = await Promise.all([
    figuresOf(db, ids, {
      fingerprint: finding.fingerprint,
      component: finding.affected_component,
      category: finding.category,
    }),
    triedOf(db, ids),
    catalogue(),
  ]);
  const suggested = open.map((suggestion) => {
    const solution = readSolution(suggestion.solution, all);
    const remedies = solution.kind === 'playbook' ? solution.steps.map(({ remedy }) => remedy) : [];
    return {
      suggestion,
      steps: remedies.map(({ title }) => title),
      broken: solution.kind === 'broken' ? solution.why : null,
      isUndoable: remedies.every((remedy) => isReversible(remedy, remedy.risk)),
      figures: figures.get(suggestion.knowledge_id)!,
      tried: tried.get(suggestion.knowledge_id)!,
    };
  });
  return { finding, suggested };
}
