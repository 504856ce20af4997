import { mayAnswer, suggestionsOn, type Suggestion } from '../../data/bots/bot-decisions.ts';
import type { TicketRow } from '../../data/bots/bot-tickets.ts';
import type { Catalogue } from '../../catalogue/catalogue.ts';
import { readSolution, type Step } from '../../catalogue/solution.ts';
import type { Db } from '../../database/connect.ts';
import { RoundsmanError, UsageError } from '../../ground/errors.ts';
import { storable, time } from '../../ground/text.ts';
import { closedWhenApproved } from '../../heal/explain.ts';
import { triedOf, type Tried } from '../../heal/judging/current-solution.ts';
import { figuresOf, type Figures } from '../../heal/judging/figures.ts';
import { isPlaybook } from '../../playbook/read.ts';
import type { Answer } from '../../transitions/decisions/answer.ts';
import { answerSuggestion } from '../../transitions/tickets/answer-suggestion.ts';
import { isReversible } from '../actions/reversible.ts';
import { authorise, type Actor } from '../actor.ts';
import { explainFinding, type FindingContext, type Explanation } from '../findings/explain.ts';
import { gatesInWords } from '../findings/gate-in-words.ts';
import { isStorm } from '../../data/bots/pending-tickets.ts';
import { knowledgeOf } from '../references/named.ts';
import { pendingOrMergedTicketOf } from '../references/ticket.ts';
import { waitOf, unsuggested } from './unsuggested.ts';
import { usedInWords } from './used-approval.ts';

/** Nothing is suggested on this ticket that could be approved or rejected. */
export class NoSuggestionError extends RoundsmanError {}

export type { Figures } from '../../heal/judging/figures.ts';
export type { Tried } from '../../heal/judging/current-solution.ts';

export type { Answer };

/** The suggestion to be answered, with what a person needs to know for the answer. */
export interface Answerable {
  ticket: TicketRow;
  suggestion: Suggestion;
  /** the steps that would be carried out; empty if it is advice */
  steps: Step[];
  /** each of them can be undone */
  isUndoable: boolean;
  /** what the entry has achieved on similar problems */
  figures: Figures;
  /** how often its current solution and earlier ones were applied; `figures` are only of the current one */
  tried: Tried;
  /** which gates still prevent that it is applied after an approval, and until when, in words; null if none does */
  closedGates: string | null;
  /** the earlier answer that this one replaces, in words; null if there is none */
  before: string | null;
  /** the database's time when the figures were read */
  now: Date;
}

/**
 * The suggestion to answer on a ticket: that of the named entry, or the only one. An earlier answer may be changed as long as no
 * heal has used the approval. Throws NotFoundError, TicketNotPendingError, {@link NoSuggestionError}, and UsageError if there is
 * more than one suggestion.
 */
export async function findAnswerable(
  { db, catalogue }: { db: Db; catalogue: () => Promise<Catalogue> },
  {
    ticket: given,
    knowledge,
    answer,
  }: { ticket: string; knowledge: string | undefined; answer: Answer },
): Promise<Answerable> {
  const ticket = await pendingOrMergedTicketOf(db, given, answer);
  const finding = await openFinding(db, ticket, answer);
  const entry = knowledge === undefined ? undefined : await knowledgeOf(db, knowledge);
  const all = await suggestionsOn(db, finding.id);
  const context = await explainFinding({ db, catalogue }, { finding: finding.id });
  const suggestion = suggestionMeant(ticket, answer, all, entry?.name, context);
  if (answer === 'approved' && !suggestion.enabled)
    throw new NoSuggestionError({
      what: `${suggestion.name} cannot be approved`,
      why: 'it is disabled: no run would apply it',
      hint: `\`npx roundsman knowledge enable ${suggestion.name}\``,
    });
  const solution = readSolution(suggestion.solution, await catalogue());
  if (answer === 'approved' && solution.kind === 'broken')
    throw new NoSuggestionError({
      what: `${suggestion.name} cannot be approved`,
      why: `its playbook cannot run: ${solution.why}`,
      hint: `correct it: \`npx roundsman knowledge edit ${suggestion.name}\``,
    });
  const problem = {
    fingerprint: finding.fingerprint,
    component: finding.affected_component,
    category: finding.category,
  };
  const id = suggestion.knowledge_id;
  const figures = (await figuresOf(db, [id], problem)).get(id)!;
  const steps = solution.kind === 'playbook' ? solution.steps : [];
  return {
    ticket,
    suggestion,
    steps,
    isUndoable: steps.every(({ remedy }) => isReversible(remedy, remedy.risk)),
    figures,
    tried: (await triedOf(db, [id])).get(id)!,
    closedGates: gatesLeftInWords(suggestion.name, context),
    before: suggestion.answer && answerInWords(suggestion),
    now: context.now,
  };
}

/**
 * Answers a suggestion. An approval queues a run, which carries the suggestion out. For operators. Throws
 * TicketChangedError when another answer came first.
 */
export async function answerTicket(
  { db, actor }: { db: Db; actor: Actor },
  {
    ticket,
    suggestion,
    answer,
    reason,
  }: Pick<Answerable, 'ticket' | 'suggestion'> & { answer: Answer; reason?: string | undefined },
) {
  authorise(actor, 'answer suggestions', 'operator');
  const answered = {
    answer,
    by: storable(actor.name),
    ...(reason && { reason: storable(reason) }),
  };
  return db.transaction().execute((trx) => answerSuggestion(trx, ticket, suggestion, answered));
}

/** The finding that the ticket is about, while it is open. Throws {@link NoSuggestionError}. */
async function openFinding(db: Db, ticket: TicketRow, wanted: Answer) {
  if (isStorm(ticket))
    throw new NoSuggestionError({
      what: `nothing on T-${ticket.number} can be ${wanted}`,
      why: 'it stands for a storm, and no heal begins before the storm is over',
      hint: `look for what its findings have in common: \`npx roundsman tickets show T-${ticket.number}\``,
    });
  const findings = db
    .selectFrom('bot_findings')
    .selectAll()
    .where('bot_id', '=', ticket.bot_id)
    .where('fingerprint', '=', ticket.fingerprint);
  const open = await findings.where('resolved_at', 'is', null).executeTakeFirst();
  if (open) return open;
  const last = await findings.orderBy('resolved_at', 'desc').limit(1).executeTakeFirst();
  throw new NoSuggestionError({
    what: `nothing on T-${ticket.number} can be ${wanted}`,
    why: last
      ? `its finding has been gone since ${time(last.resolved_at)} UTC (${last.resolution_method})`
      : 'its finding is gone',
    hint: `\`npx roundsman tickets resolve T-${ticket.number}\` ends the ticket`,
  });
}

interface ExplainedFinding {
  explanation: Explanation;
  about: FindingContext;
  now: Date;
}

/** The gates that an approval does not open, in words; null when none of them is closed. */
function gatesLeftInWords(
  name: string,
  { explanation, about, now }: ExplainedFinding,
): string | null {
  const explained = explanation.candidates.find((each) => each.candidate.name === name);
  return explained
    ? gatesInWords({ ...explained, closed: closedWhenApproved(explained) }, about, now)
    : null;
}

/** The suggestion that the answer means. Throws {@link NoSuggestionError}, {@link UsageError}. */
function suggestionMeant(
  { number }: TicketRow,
  wanted: Answer,
  all: Suggestion[],
  named: string | undefined,
  context: ExplainedFinding,
): Suggestion {
  const what = `${named ?? `nothing on T-${number}`} ${named ? 'cannot' : 'can'} be ${wanted}`;
  const refuse = (why: string, hint = `see \`npx roundsman tickets show T-${number}\``) =>
    new NoSuggestionError({ what, why, hint });
  const asked = named === undefined ? all : all.filter(({ name }) => name === named);
  if (asked.length === 0) {
    if (named !== undefined && all.length > 0)
      throw refuse(`it is not suggested on T-${number}; ${namesOf(all)} is`);
    const { explanation, about, now } = context;
    throw new NoSuggestionError(unsuggested(what, explanation, { about, now, named }));
  }
  const unanswered = asked.filter((each) => each.answer === null);
  // An answer that was not used may be changed.
  const open = unanswered.length > 0 ? unanswered : asked.filter((each) => mayAnswer(wanted, each));
  if (open.length === 0) {
    const reasons = asked.map((each) => whyAnswered(each, context));
    throw refuse(reasons.join('; '), hintOn(asked[0]!, context));
  }
  const fit = wanted === 'approved' ? open.filter(({ solution }) => isPlaybook(solution)) : open;
  if (fit.length === 0)
    throw refuse(
      `${namesOf(open)} is advice: nothing can be applied`,
      `do what it says, then \`npx roundsman tickets resolve T-${number} --with ${open[0]!.name}\``,
    );
  if (fit.length === 1) return fit[0]!;
  throw new UsageError({
    what: `nothing on T-${number} was ${wanted}`,
    why: `more than one entry is suggested: ${namesOf(fit)}`,
    hint: `name one: \`npx roundsman tickets ${wanted === 'approved' ? 'approve' : 'reject'} T-${number} ${fit[0]!.name}\``,
  });
}

const namesOf = (all: Suggestion[]): string => all.map(({ name }) => name).join(', ');

/** `sweep was approved by ann at 2026-11-22 12:00:00 UTC` */
const answerInWords = ({ name, answer, answered_by, answered_at }: Suggestion): string =>
  `${name} was ${answer} by ${answered_by} at ${time(answered_at)} UTC`;

/** The answer and what became of it: why the same answer cannot be given again. */
function whyAnswered(suggestion: Suggestion, context: ExplainedFinding): string {
  const said = answerInWords(suggestion);
  if (suggestion.used)
    return [`${said}, and ${usedInWords(suggestion.used)}`, waitNow(suggestion, context)?.why]
      .filter(Boolean)
      .join('; ');
  if (suggestion.answer === 'rejected') return said;
  const closedGates = gatesLeftInWords(suggestion.name, context);
  return `${said}, and waits: ${closedGates ?? `the next run of ${context.about.bot} applies it`}`;
}

/** What the entry waits for now; undefined if it does not fit any more. */
function waitNow({ name }: Suggestion, { explanation, about, now }: ExplainedFinding) {
  const explained = explanation.candidates.find((each) => each.candidate.name === name);
  return explained && waitOf(explained, about, now);
}

/** For a used approval the command with which the entry may act again; for another answer the command that takes it back. */
function hintOn(suggestion: Suggestion, context: ExplainedFinding): string | undefined {
  const { name, used, answer, solution, enabled } = suggestion;
  const { ticket } = context.about;
  if (used) {
    const command = waitNow(suggestion, context)?.command;
    return command ? `\`${command}\`` : undefined;
  }
  if (answer === 'approved')
    return `\`npx roundsman tickets reject ${ticket} ${name}\` takes it back`;
  return isPlaybook(solution) && enabled
    ? `\`npx roundsman tickets approve ${ticket} ${name}\` approves it after all`
    : undefined;
}
