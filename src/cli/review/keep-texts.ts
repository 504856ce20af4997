import { Draft } from '../terminal/draft.ts';
import { draftKey, type State, type UnusedText } from './state.ts';

/** Keeps in files what was typed and not used when a review ends, however it ends, and says where. */
export function keepTexts(state: State): void {
  for (const { text, commandWithFile } of unusedTextsIn(state)) {
    const draft = new Draft(commandWithFile!);
    draft.keep(text);
    draft.tell();
  }
}

/** The text that is being typed, and those that were left, as far as a command takes them from a file. */
export function unusedTextsIn({ mode, seen, drafts }: State): UnusedText[] {
  const all: Record<string, UnusedText> = { ...drafts };
  const asking = mode.kind === 'busy' ? mode.from : mode;
  if (asking.kind === 'asking' && seen) {
    const { action, answers, questions, prompt } = asking;
    const { commandWithFile } = questions[answers.length]!;
    all[draftKey(seen, action, answers.length)] = { text: prompt.text, commandWithFile };
  }
  return Object.values(all).filter(
    ({ text, commandWithFile }) => commandWithFile && text.trim() !== '',
  );
}
