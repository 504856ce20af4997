/** Asks for what an action needs, line by line, and performs it. */
import { UsageError } from '../../ground/errors.ts';
import { printable } from '../../ground/text.ts';
import type { Review } from '../../services/tickets/review.ts';
import { agrees, askFor } from '../terminal/ask.ts';
import { Draft } from '../terminal/draft.ts';
import { note, put, say } from '../terminal/print.ts';
import type { ReviewAction, Context, Question } from './actions/action.ts';
import { ownChangeOf } from './own-changes.ts';
import type { Move, Walk } from './walk.ts';

/** How an error names the question that was not answered. */
export const answerName = 'an answer';

/**
 * Has the person choose one of them, by its number or by another word that it answers to. `howToLeave` says how to go on without
 * a choice.
 */
export async function chosenFrom<Each extends { words: string; also?: readonly string[] }>(
  question: string,
  choices: readonly Each[],
  howToLeave = 'Ctrl-C leaves the question',
): Promise<Each> {
  const chosenBy = (text: string) =>
    /^\d{1,2}$/.test(text)
      ? choices[Number(text) - 1]
      : choices.find(({ also }) => also?.includes(text.toLowerCase()));
  const check = (text: string) => {
    if (chosenBy(text)) return;
    throw new UsageError({
      what: 'nothing was chosen',
      why: /^\d+$/.test(text)
        ? 'that number is not in the list'
        : `${printable(text)} is not a number`,
      hint: `a number from 1 to ${choices.length}; ${howToLeave}`,
    });
  };
  const text = await askFor(answerName, `${question} (1-${choices.length})`, { check });
  return chosenBy(text)!;
}

/** Asks the action's questions and performs it. Texts that the person typed and the action does not store stay in files. */
export async function perform(
  context: Context,
  walk: Walk,
  seen: Review,
  action: ReviewAction,
): Promise<Move> {
  const drafts: Draft[] = [];
  try {
    const move = await askAndPerform(context, walk, seen, action, drafts);
    for (const draft of drafts) draft.conclude();
    return move;
  } catch (error) {
    for (const draft of drafts) draft.tell();
    throw error;
  }
}

async function askAndPerform(
  context: Context,
  walk: Walk,
  seen: Review,
  action: ReviewAction,
  drafts: Draft[],
): Promise<Move> {
  const answers: string[] = [];
  for (const question of action.questions(seen)) answers.push(await answerTo(question, drafts));
  const shown = await action.preview?.(context, seen, answers);
  for (const line of shown?.lines ?? []) say(line, '    ');
  const warning = action.warning(seen, answers);
  if (warning !== null && !(await agrees(`${warning}. Do it?`))) {
    note('nothing was done');
    for (const draft of drafts) draft.keepAnyway();
    return 'here';
  }
  const done = await action.perform(context, seen, answers, shown?.kept);
  say(`${done.message}.`);
  walk.done.push(ownChangeOf(done, seen.ticket.id));
  return 'next';
}

async function answerTo(
  { ask, choices, defaultAnswer, check, isProse, commandWithFile }: Question,
  drafts: Draft[],
): Promise<string> {
  if (!choices) {
    const draft = commandWithFile && new Draft(commandWithFile);
    if (draft) drafts.push(draft);
    return askFor(answerName, ask, {
      defaultAnswer,
      ...(check && { check }),
      ...(isProse && { isProse }),
      ...(draft && { draft }),
    });
  }
  put(choices.map(({ words }, index) => `${String(index + 1).padStart(2)}  ${words}`).join('\n'));
  return (await chosenFrom(ask, choices)).value;
}
