/** What a terminal sends, as keys, text and pastes. Only what is a single key by itself may act. */

/**
 * `key`: one key, alone: a character, or a name of {@link namedKeys}. `text`: several bytes that came at once, whatever they are;
 * `paste`: what came between the marks of a paste. The last two are text for a prompt, and nothing elsewhere.
 */
export type Input = { kind: 'key' | 'text' | 'paste'; text: string };

/** The state between two chunks. */
export interface Decoder {
  /** the beginning of a sequence whose end has not come */
  pending: string;
  /** what was pasted so far; null outside of a paste */
  pasted: string | null;
  /** nothing came before `pending` in its burst, so that it may be a key */
  isAlone: boolean;
}

export const emptyDecoder: Decoder = { pending: '', pasted: null, isAlone: true };

const pasteBegins = '\u001B[200~';
const pasteEnds = '\u001B[201~';

/** The most characters of a paste that are kept: no prompt takes more. */
const maxPaste = 100_000;

/** No key repeats so often within one chunk; a longer text is not compared. */
const maxRepeated = 200;

/** Keys that are no character, by what terminals send for them. */
const namedKeys: Record<string, string> = {
  '\r': 'enter',
  '\n': 'line break',
  '\t': 'tab',
  '\u007F': 'backspace',
  '\b': 'backspace',
  '\u0001': 'home',
  '\u0003': 'interrupt',
  '\u0004': 'end of text',
  '\u0005': 'end',
  '\u000C': 'draw again',
  '\u0015': 'erase line',
  '\u0017': 'erase word',
  '\u001A': 'suspend',
  '\u001B': 'escape',
  '\u001B[A': 'up',
  '\u001B[B': 'down',
  '\u001B[C': 'right',
  '\u001B[D': 'left',
  '\u001BOA': 'up',
  '\u001BOB': 'down',
  '\u001BOC': 'right',
  '\u001BOD': 'left',
  '\u001B[H': 'home',
  '\u001B[F': 'end',
  '\u001BOH': 'home',
  '\u001BOF': 'end',
  '\u001B[1~': 'home',
  '\u001B[4~': 'end',
  '\u001B[3~': 'delete',
  '\u001B[5~': 'page up',
  '\u001B[6~': 'page down',
};

/** A sequence that has begun, at the end of what has come. */
// oxlint-disable-next-line no-control-regex
const unfinishedSequence = /\u001B(?:O|\[[\d;?]*)?$/;

let graphemes: Intl.Segmenter | undefined;

const isOneCharacter = (text: string): boolean => {
  const [first, second] = (graphemes ??= new Intl.Segmenter()).segment(text);
  return first !== undefined && second === undefined && !/\p{Cc}/u.test(text);
};

/** The key of which a text is nothing but repetitions: one that is held down, over a line that was held up; else null. */
export function repeatedKey(text: string): string | null {
  const [, unit = ''] = /^(.+?)\1*$/su.exec(text.slice(0, maxRepeated)) ?? [];
  if (unit.repeat(text.length / unit.length || 0) !== text) return null;
  return Object.hasOwn(namedKeys, unit) ? namedKeys[unit]! : isOneCharacter(unit) ? unit : null;
}

/** What one chunk means: its bytes came at once. */
export function decode(decoder: Decoder, chunk: string): { decoder: Decoder; inputs: Input[] } {
  const inputs: Input[] = [];
  let rest = decoder.pending + chunk;
  let { pasted } = decoder;
  // Text before or after a paste came in the same burst: it is no single key.
  let isAlone = pasted === null && decoder.isAlone && !rest.includes(pasteBegins);
  // The end of a paste may never come, as where a connection was cut: Ctrl-C, alone, ends it.
  if (pasted !== null && rest === '\u0003') {
    if (pasted !== '') inputs.push({ kind: 'paste', text: pasted });
    inputs.push({ kind: 'key', text: 'interrupt' });
    return { decoder: emptyDecoder, inputs };
  }
  for (;;) {
    if (pasted !== null) {
      const end = rest.indexOf(pasteEnds);
      const kept = end < 0 ? rest.length - startOf(pasteEnds, rest) : end;
      pasted = (pasted + rest.slice(0, kept)).slice(0, maxPaste);
      if (end < 0)
        return { decoder: { pending: rest.slice(kept), pasted, isAlone: false }, inputs };
      inputs.push({ kind: 'paste', text: pasted });
      pasted = null;
      isAlone = false;
      rest = rest.slice(end + pasteEnds.length);
    }
    const begin = rest.indexOf(pasteBegins);
    if (begin < 0) break;
    add(inputs, rest.slice(0, begin), false);
    rest = rest.slice(begin + pasteBegins.length);
    pasted = '';
  }
  const [tail = ''] = unfinishedSequence.exec(rest) ?? [];
  const before = rest.slice(0, rest.length - tail.length);
  add(inputs, before, isAlone && tail === '');
  isAlone = tail === '' || (isAlone && before === '');
  return { decoder: { pending: tail, pasted: null, isAlone }, inputs };
}

/**
 * Called when no chunk has come for some time: an Escape alone was the key, and any other beginning of a sequence is dropped.
 * The rest of such a sequence, which may still come over a slow line, is no key either.
 */
export function conclude(decoder: Decoder): { decoder: Decoder; inputs: Input[] } {
  if (decoder.pasted !== null) return { decoder, inputs: [] };
  const inputs: Input[] = [];
  const { pending } = decoder;
  if (pending === '\u001B' && decoder.isAlone) inputs.push({ kind: 'key', text: 'escape' });
  return { decoder: { ...emptyDecoder, isAlone: pending.length < 2 && decoder.isAlone }, inputs };
}

function add(inputs: Input[], text: string, isAlone: boolean): void {
  if (text === '') return;
  const named = Object.hasOwn(namedKeys, text) ? namedKeys[text]! : null;
  const key = named ?? (isOneCharacter(text) ? text : null);
  inputs.push(isAlone && key !== null ? { kind: 'key', text: key } : { kind: 'text', text });
}

/** How many characters at the end of `text` begin `wanted`. */
function startOf(wanted: string, text: string): number {
  for (let length = Math.min(wanted.length - 1, text.length); length > 0; length -= 1)
    if (text.endsWith(wanted.slice(0, length))) return length;
  return 0;
}
