/** The questions of an action, one after the other: while one is asked, keys are its answer and nothing else. */
import { messageOf, UsageError } from '../../ground/errors.ts';
import { printable } from '../../ground/text.ts';
import type { Input } from '../screen/keys.ts';
import { edit, promptOf, type Prompt } from '../screen/prompt.ts';
import type { Question } from './actions/action.ts';
import { draftKey, type Asking, type Mode, type State, type UnusedText } from './state.ts';
import { busy, busyChanging, stateOnly, reading, withRefusal, type Step } from './step.ts';

const isLeaving = ({ kind, text }: Input): boolean =>
  kind === 'key' && (text === 'interrupt' || text === 'escape');

export function whileAsking(state: State, mode: Asking, input: Input): Step {
  const { seen } = state;
  const question = mode.questions[mode.answers.length];
  if (!seen || !question) return stateOnly({ ...state, mode: reading });
  const key = draftKey(seen, mode.action, mode.answers.length);
  if (isLeaving(input)) {
    const { text } = mode.prompt;
    const words = `Nothing was done${text ? '; the text is kept for the next time' : ''}`;
    const left = text
      ? withDraft(state, key, { text, commandWithFile: question.commandWithFile })
      : state;
    return stateOnly({ ...left, mode: reading, message: { tone: 'notice', text: words } });
  }
  if (question.choices) {
    const choice =
      input.kind === 'key' ? question.choices.find((each) => each.key === input.text) : undefined;
    if (choice) return withAnswer(state, mode, choice.value);
    const keys = question.choices.map((each) => each.key).join(', ');
    return withRefusal(state, `that is none of the answers: ${keys}; Escape leaves the question`);
  }
  const edited = edit(mode.prompt, input);
  if (edited === 'escaped') return stateOnly(state);
  if (edited !== 'entered')
    return stateOnly({ ...state, mode: { ...mode, prompt: edited.prompt }, message: null });
  const text = mode.prompt.text.trim() || question.defaultAnswer || '';
  const why = text ? refusalOf(question, text) : 'nothing was typed';
  if (why) return withRefusal(state, why);
  return withAnswer(
    withDraft(state, key, { text, commandWithFile: question.commandWithFile }),
    mode,
    text,
  );
}

const withDraft = (state: State, key: string, draft: UnusedText): State => ({
  ...state,
  drafts: { ...state.drafts, [key]: draft },
});

/** Why the text is refused as an answer; null where it is not. */
export function refusalOf({ check }: Question, text: string): string | null {
  try {
    check?.(text);
    return null;
  } catch (error) {
    if (error instanceof UsageError) return printable(`${error.why} (try: ${error.hint})`);
    return printable(messageOf(error));
  }
}

const withAnswer = (state: State, mode: Asking, answer: string): Step =>
  askNext(state, { ...mode, answers: [...mode.answers, answer] });

const noText = promptOf('', false);

/** Asks the next question. After the last one: shows what the action would do, asks for a confirmation, or performs it. */
export function askNext(state: State, mode: Omit<Asking, 'prompt'>): Step {
  const { action, questions, answers } = mode;
  const { seen } = state;
  if (!seen) return stateOnly({ ...state, mode: reading });
  const question = questions[answers.length];
  if (question) {
    const draft = state.drafts[draftKey(seen, action, answers.length)]?.text ?? '';
    const prompt = promptOf(draft, question.isProse ?? false);
    return stateOnly({ ...state, mode: { ...mode, prompt }, message: null });
  }
  const quiet: State = { ...state, message: null };
  if (action.preview)
    return {
      state: busy(quiet, 'reading what would be done', lastQuestion(mode)),
      intents: [{ do: 'preview', action, seen, answers }],
    };
  const warning = action.warning(seen, answers);
  if (warning !== null)
    return stateOnly({
      ...quiet,
      mode: { kind: 'confirming', action, answers, warning, lines: [], kept: undefined },
    });
  return {
    state: busyChanging(quiet, action.name, lastQuestion(mode)),
    intents: [{ do: 'perform', action, seen, answers }],
  };
}

/** The mode to which the review returns when the action fails: its last question, with what was typed. */
function lastQuestion(mode: Omit<Asking, 'prompt'>): Mode {
  const { questions, answers } = mode;
  const last = questions.at(-1);
  if (!last) return reading;
  const typed: Prompt = promptOf(answers.at(-1)!, last.isProse ?? false);
  return { ...mode, answers: answers.slice(0, -1), prompt: last.choices ? noText : typed };
}

export function whileFiltering(
  state: State,
  mode: Extract<Mode, { kind: 'filtering' }>,
  input: Input,
): Step {
  if (isLeaving(input)) return stateOnly({ ...state, mode: reading });
  const edited = edit(mode.prompt, input);
  if (edited === 'escaped') return stateOnly({ ...state, mode: reading });
  if (edited !== 'entered')
    return stateOnly({ ...state, mode: { ...mode, prompt: edited.prompt } });
  return {
    state: { ...state, message: null },
    intents: [{ do: 'filter', text: mode.prompt.text.trim() }],
  };
}
