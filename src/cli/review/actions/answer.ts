/** Approve or reject what is suggested. */
import { printable } from '../../../ground/text.ts';
import { hasWorker } from '../../../services/runs/has-worker.ts';
import { isStorm } from '../../../services/tickets/list.ts';
import { answerAsSeen, takeBackApproval } from '../../../services/tickets/answer-as-seen.ts';
import type { Review, Suggested } from '../../../services/tickets/review.ts';
import { nameOf, type ReviewAction, type Question } from './action.ts';
import { whyNotPending } from './pending.ts';

/** The suggestions that can be approved. Where there is only one, the key means it. */
export const approvable = ({ suggested }: Review): Suggested[] =>
  suggested
    .filter((each) => each.suggestion.answer !== 'approved' && isApprovable(each))
    // Rejected suggestions come after those that have no answer yet.
    .toSorted((one, other) => Number(isAnswered(one)) - Number(isAnswered(other)));

/** Advice has no steps: a person carries it out. */
const isApprovable = ({ suggestion, steps, broken }: Suggested): boolean =>
  suggestion.enabled && steps.length > 0 && !broken;

const isAnswered = ({ suggestion }: Suggested): boolean => suggestion.answer !== null;

/** `rejected by ann`; null where it was not answered. */
export const answerInWords = ({ suggestion: { answer, answered_by } }: Suggested): string | null =>
  answer && `${answer} by ${printable(answered_by ?? '-')}`;

const rejectable = ({ suggested }: Review): Suggested[] =>
  suggested.filter(({ suggestion }) => suggestion.answer !== 'rejected');

function refusal(seen: Review, answerable: Suggested[], verdict: string): string | null {
  if (whyNotPending(seen)) return whyNotPending(seen);
  if (answerable.length > 0) return null;
  if (isStorm(seen.ticket)) return 'a storm: nothing is healed before it is over';
  const approved = seen.suggested.find(({ suggestion }) => suggestion.answer === 'approved');
  if (approved)
    return `${printable(approved.suggestion.name)} was approved by ${printable(approved.suggestion.answered_by ?? '-')} already, and waits for a run`;
  const advice = seen.suggested.find(({ steps, broken }) => steps.length === 0 && !broken);
  if (advice && verdict === 'approved')
    return `${printable(advice.suggestion.name)} is advice: a person carries it out, and then resolves the ticket with r`;
  return `nothing is suggested that could be ${verdict}: e says why`;
}

/** Asks which suggestion is meant, where there are several. */
const questionsAbout = (answerable: Suggested[], verb: string): Question[] =>
  answerable.length < 2
    ? []
    : [
        {
          ask: `${verb} which?`,
          choices: answerable.slice(0, 9).map(({ suggestion: { name } }, index) => ({
            key: String(index + 1),
            words: printable(name),
            value: name,
          })),
        },
      ];

const chosen = (answerable: Suggested[], [name]: readonly string[]): Suggested =>
  answerable.find(({ suggestion }) => suggestion.name === name) ?? answerable[0]!;

export const approve: ReviewAction = {
  key: 'a',
  name: 'approve',
  words: 'approve what is suggested: a run applies it once',
  refusal: (seen) => refusal(seen, approvable(seen), 'approved'),
  questions: (seen) => questionsAbout(approvable(seen), 'Approve'),
  warning: (seen, answers) => {
    const suggested = chosen(approvable(seen), answers);
    const name = printable(suggested.suggestion.name);
    if (!suggested.isUndoable) return `${name} cannot be undone once it is applied`;
    const before = answerInWords(suggested);
    return before && `${name} was ${before}, and this takes its place`;
  },
  async perform(context, seen, answers) {
    const { ticket } = seen;
    const { suggestion, isUndoable } = chosen(approvable(seen), answers);
    const { closedGates } = await answerAsSeen(context, { ticket, suggestion, answer: 'approved' });
    const name = printable(suggestion.name);
    const waits = closedGates
      ? `; a run does not apply it yet: ${printable(closedGates)}`
      : (await hasWorker(context.db))
        ? ''
        : '; no worker is alive: a run applies it when one starts';
    return {
      message: `Approved ${name} on ${nameOf(seen)}${waits}`,
      undo: {
        versions: null,
        async perform(context) {
          const how = await takeBackApproval(context, { ticket, suggestion });
          const message =
            how === 'withdrawn'
              ? `Took the approval of ${name} on ${nameOf(seen)} back: no run applies it`
              : `${name} was applied to ${nameOf(seen)} already: a run was asked to undo it${isUndoable ? '' : ', as far as it can'}`;
          return { message, version: null };
        },
      },
    };
  },
};

export const reject: ReviewAction = {
  key: 'x',
  name: 'reject',
  words: 'reject what is suggested, or take an approval back while it waits',
  refusal: (seen) => refusal(seen, rejectable(seen), 'rejected'),
  questions: (seen) => questionsAbout(rejectable(seen), 'Reject'),
  warning: (seen, answers) => {
    const suggested = chosen(rejectable(seen), answers);
    return `the rejection of ${printable(suggested.suggestion.name)} cannot be undone${isApprovable(suggested) ? '; a approves it after all' : ''}`;
  },
  async perform(context, seen, answers) {
    const suggested = chosen(rejectable(seen), answers);
    const { suggestion } = suggested;
    await answerAsSeen(context, { ticket: seen.ticket, suggestion, answer: 'rejected' });
    const name = printable(suggestion.name);
    return {
      message: `Rejected ${name} on ${nameOf(seen)}`,
      undo: {
        cannot: `the rejection of ${name} cannot be undone${isApprovable(suggested) ? '; a approves it after all, and until then nothing is applied' : ''}`,
      },
    };
  },
};
