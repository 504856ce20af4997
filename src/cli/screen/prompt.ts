/** A text that a person types in a part of the grid: one line, or prose of several. Plain values; nothing here draws. */
import type { Input } from './keys.ts';

export interface Prompt {
  text: string;
  /** where the next character goes: between 0 and the length of the text, never within a character */
  at: number;
  /** line breaks are kept; elsewhere they become spaces */
  isProse: boolean;
}

export const promptOf = (text: string, isProse: boolean): Prompt => ({
  text,
  at: text.length,
  isProse,
});

/** What a key, or a text that came at once, makes of the prompt. Only a single key gives `entered` or `escaped`. */
export type Edited = { prompt: Prompt } | 'entered' | 'escaped';

export function edit(prompt: Prompt, { kind, text }: Input): Edited {
  if (kind !== 'key') return { prompt: insert(prompt, text) };
  const { at } = prompt;
  switch (text) {
    case 'enter':
      return 'entered';
    case 'escape':
      return 'escaped';
    case 'line break':
      return { prompt: insert(prompt, '\n') };
    case 'tab':
      return { prompt: insert(prompt, ' ') };
    case 'left':
      return withCursor(prompt, placeBefore(prompt));
    case 'right':
      return withCursor(prompt, placeAfter(prompt));
    case 'up':
    case 'page up':
      return withCursor(prompt, placeInNextLine(prompt, -1));
    case 'down':
    case 'page down':
      return withCursor(prompt, placeInNextLine(prompt, 1));
    case 'home':
      return withCursor(prompt, beginOfLine(prompt.text, at));
    case 'end':
      return withCursor(prompt, endOfLine(prompt.text, at));
    case 'backspace':
      return { prompt: withoutRange(prompt, placeBefore(prompt), at) };
    case 'delete':
      return { prompt: withoutRange(prompt, at, placeAfter(prompt)) };
    case 'erase line':
      return { prompt: withoutRange(prompt, beginOfLine(prompt.text, at), at) };
    case 'erase word':
      return {
        prompt: withoutRange(prompt, prompt.text.slice(0, at).replace(/\S+\s*$/, '').length, at),
      };
    default:
      // Names of keys are longer than any character.
      return { prompt: isCharacter(text) ? insert(prompt, text) : prompt };
  }
}

const beginOfLine = (text: string, at: number): number => text.slice(0, at).lastIndexOf('\n') + 1;

function endOfLine(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end < 0 ? text.length : end;
}

/** The place in the same column of the line before (-1) or after (1); the beginning or the end of the text where there is none. */
function placeInNextLine({ text, at }: Prompt, step: -1 | 1): number {
  const begin = beginOfLine(text, at);
  const end = endOfLine(text, at);
  if (step === -1 && begin === 0) return 0;
  if (step === 1 && end === text.length) return text.length;
  const from = step === -1 ? beginOfLine(text, begin - 1) : end + 1;
  const column = [...graphemes.segment(text.slice(begin, at))].length;
  const line = [...graphemes.segment(text.slice(from, endOfLine(text, from)))];
  return from + line.slice(0, column).reduce((sum, { segment }) => sum + segment.length, 0);
}

const graphemes = new Intl.Segmenter();

const isCharacter = (text: string): boolean => [...graphemes.segment(text)].length === 1;

const withCursor = (prompt: Prompt, at: number): Edited => ({ prompt: { ...prompt, at } });

const placeBefore = ({ text, at }: Prompt): number =>
  at - ([...graphemes.segment(text.slice(0, at))].at(-1)?.segment.length ?? 0);

const placeAfter = ({ text, at }: Prompt): number =>
  at + ([...graphemes.segment(text.slice(at))][0]?.segment.length ?? 0);

const withoutRange = (prompt: Prompt, from: number, to: number): Prompt => ({
  ...prompt,
  text: prompt.text.slice(0, from) + prompt.text.slice(to),
  at: from,
});

/** What a terminal sends for keys that are no characters; in a text that came at once they are left out. */
// oxlint-disable-next-line no-control-regex
const sequences = /\u001B(?:\[[\d;?]*[@-~]?|O.|[^[O])?/g;

/** Inserts text where the cursor is: of control characters only line breaks are kept. */
function insert(prompt: Prompt, given: string): Prompt {
  const plain = given
    .toWellFormed()
    .replaceAll(sequences, '')
    .replaceAll(/\r\n?/g, '\n')
    .replaceAll('\t', ' ');
  // A burst may contain backspaces, each of which removes the character before it.
  const text = [...plain].reduce(
    (kept, each) => (/[\b\u007F]/.test(each) ? [...kept].slice(0, -1).join('') : kept + each),
    '',
  );
  const fit = (prompt.isProse ? text : text.replaceAll('\n', ' ')).replaceAll(/(?!\n)\p{Cc}/gu, '');
  return {
    ...prompt,
    text: prompt.text.slice(0, prompt.at) + fit + prompt.text.slice(prompt.at),
    at: prompt.at + fit.length,
  };
}
