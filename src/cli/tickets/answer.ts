import { printable } from '../../ground/text.ts';
import { answerTicket, findAnswerable, type Answer } from '../../services/tickets/answer.ts';
import { actorOf } from '../arguments/actor.ts';
import { goesAhead } from '../terminal/ask.ts';
import { loadCatalogue } from '../session/catalogue.ts';
import { withDatabase } from '../session/database.ts';
import { printJson, note, say, shortId } from '../terminal/print.ts';
import { scopeOf } from '../knowledge/figures.ts';
import { valueInWords } from '../knowledge/value.ts';
import { noteIfIdle, noteIfOff } from '../session/waiting.ts';

interface AnswerOptions {
  as?: string;
  reason?: string;
  yes?: true;
  json?: true;
}

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
    const found = await findAnswerable(
      { db, catalogue: loadCatalogue },
      { ticket: given, knowledge: named, answer: verdict },
    );
    const { ticket, suggestion, steps, figures } = found;
    const tell = options.json ? note : say;
    const value =
      steps.length > 0 ? valueInWords(figures, found.tried, found.isUndoable, found.now) : null;
    tell(
      `${printable(suggestion.name)}: ${steps.map(({ remedy }) => remedy.title).join(', then ') || 'advice'}`,
    );
    if (value) tell(`  ${value} (${scopeOf(figures)})`, '    ');
    if (found.before) tell(`  ${printable(found.before)}: this takes its place`, '    ');
    if (verdict === 'approved' && found.closedGates)
      tell(`  a run does not apply it yet: ${printable(found.closedGates)}`, '    ');
    if (verdict === 'approved' && !(await goesAhead(options, `Apply it to T-${ticket.number}?`)))
      return;

    const { decision, run } = await answerTicket(
      { db, actor: actorOf(options.as) },
      { ticket, suggestion, answer: verdict, reason: options.reason?.trim() },
    );
    if (run) await noteIfIdle(db, 'it runs when one starts');
    if (run) await noteIfOff(db, 'nothing is healed');
    if (options.json)
      return printJson({
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
