import { suggestionsOn, type Suggestion } from '../../data/bots/bot-decisions.ts';
import { answerSuggestion, type TicketRow } from '../../data/bots/bot-tickets.ts';
import { currentMode, currentTime } from '../../data/bots/engine.ts';
import type { Db } from '../../database/connect.ts';
import { RoundsmanError, UsageError } from '../../ground/errors.ts';
import { figuresOf } from '../../heal/judging/figures.ts';
import { readSolution } from '../../catalogue/solution.ts';
import { isPlaybook } from '../../playbook/read.ts';
import { printable, storable } from '../../ground/text.ts';
import { actor } from '../arguments/actor.ts';
import { agrees } from '../terminal/ask.ts';
import { loadCatalogue } from '../session/catalogue.ts';
import { withDatabase } from '../session/database.ts';
import { json, note, say, shortId, time } from '../terminal/print.ts';
import { knowledgeOf, ticketOf } from '../arguments/references.ts';
import { refuseOver } from './change.ts';
import { scopeOf, valueOf } from './value.ts';
import { noteIfIdle } from '../session/waiting.ts';

/** There is nothing that an answer could be about. */
export class NoSuggestionError extends RoundsmanError {}

interface AnswerOptions {
  as?: string;
  reason?: string;
  yes?: true;
  json?: true;
}

type Answer = 'approved' | 'rejected';

export const approve = (given: string, named: string | undefined, options: AnswerOptions) =>
  answer('approved', given, named, options);

export const reject = (given: string, named: string | undefined, options: AnswerOptions) =>
  answer('rejected', given, named, options);

const answer = (
  verdict: Answer,
  given: string,
  named: string | undefined,
  options: AnswerOptions,
): Promise<void> =>
  withDatabase(async ({ db }) => {
    const ticket = await ticketOf(db, given);
    refuseOver(ticket, verdict);
    const finding = await openFinding(db, ticket, verdict);
    const entry = named === undefined ? undefined : await knowledgeOf(db, named);
    const all = await suggestionsOn(db, finding.id);
    const suggestion = meant(ticket, verdict, all, entry?.name);
    if (verdict === 'approved' && !suggestion.enabled)
      throw new NoSuggestionError({
        what: `${suggestion.name} cannot be approved`,
        why: 'it is disabled: no run would apply it',
        hint: `\`npx roundsman knowledge enable ${suggestion.name}\``,
      });
    const solution = readSolution(suggestion.solution, await loadCatalogue());
    if (verdict === 'approved' && solution.kind === 'broken')
      throw new NoSuggestionError({
        what: `${suggestion.name} cannot be approved`,
        why: `its playbook cannot run: ${solution.why}`,
        hint: `mend it: \`npx roundsman knowledge edit ${suggestion.name}\``,
      });
    const about = {
      fingerprint: finding.fingerprint,
      component: finding.affected_component,
      category: finding.category,
    };
    const id = suggestion.knowledge_id;
    const figures = (await figuresOf(db, [id], about)).get(id)!;
    const tell = options.json ? note : say;
    const steps = solution.kind === 'playbook' ? solution.steps : [];
    const value = steps.length > 0 ? valueOf(figures, steps, await currentTime(db)) : null;
    tell(
      `${printable(suggestion.name)}: ${steps.map(({ remedy }) => remedy.title).join(', then ') || 'advice'}`,
    );
    if (value) tell(`  ${value} (${scopeOf(figures)})`);
    if (
      verdict === 'approved' &&
      !options.yes &&
      !(await agrees(`Apply it to T-${ticket.number}?`))
    )
      return note('nothing was approved');

    const reason = options.reason?.trim();
    const by = storable(actor(options.as));
    const { decision, run } = await answerSuggestion(db, ticket, suggestion, {
      answer: verdict,
      by,
      ...(reason && { reason: storable(reason) }),
    });
    if (run) await noteIfIdle(db, 'it runs when one starts');
    if (run && (await currentMode(db)) === 'off')
      note('the mode is off: nothing is healed until `npx roundsman mode safe`');
    if (options.json)
      return json({
        ...decision,
        bot_knowledge: { name: suggestion.name },
        value,
        figures_now: figures,
        bot_executions: run,
      });
    if (!run) return say(`Rejected ${printable(suggestion.name)} on T-${ticket.number}.`);
    say(`Approved ${printable(suggestion.name)} on T-${ticket.number}. Queued a run: ${run.id}`);
    say(`See \`npx roundsman runs show ${shortId(run.id)}\`.`);
  });

/** What the ticket is about, as long as it is open. Throws {@link NoSuggestionError}. */
async function openFinding(db: Db, ticket: TicketRow, wanted: Answer) {
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
      ? `its finding is gone since ${time(last.resolved_at)} UTC (${last.resolution_method})`
      : 'its finding is gone',
    hint: `\`npx roundsman tickets resolve T-${ticket.number}\` ends the ticket`,
  });
}

/** The suggestion that is to be answered. Throws {@link NoSuggestionError}, {@link UsageError}. */
function meant(
  { number }: TicketRow,
  wanted: Answer,
  all: Suggestion[],
  named: string | undefined,
): Suggestion {
  const what = `${named ?? `nothing on T-${number}`} ${named ? 'cannot' : 'can'} be ${wanted}`;
  const refuse = (why: string, hint = `see \`npx roundsman tickets show T-${number}\``) =>
    new NoSuggestionError({ what, why, hint });
  const asked = named === undefined ? all : all.filter(({ name }) => name === named);
  if (asked.length === 0)
    throw refuse(
      named !== undefined && all.length > 0
        ? `it is not suggested on T-${number}; ${namesOf(all)} is`
        : 'nothing is suggested for its finding',
    );
  const open = asked.filter((each) => each.answer === null);
  if (open.length === 0) throw refuse(asked.map(answered).join('; '));
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

const answered = ({ name, answer, answered_by, answered_at }: Suggestion): string =>
  `${name} was ${answer} by ${answered_by} at ${time(answered_at)} UTC`;
