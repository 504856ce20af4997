/** Finds which of many texts may begin at a place of another text, without trying each of them. */
import { endOfPart, type Encoded } from './encoded.ts';
import { maxBackslashes } from './escapes.ts';

/** How many parts have to match before the whole text is compared; where the text was cut off, {@link depthAtCut}. */
const depth = 8;
const depthAtCut = 4;

interface Node<Form> {
  pattern: RegExp;
  /** what may stand before this part; null for the first part */
  before: RegExp | null;
  /** the characters with which the part may begin, if it is not escaped and does not follow a line break */
  first: ReadonlySet<string>;
  /** this part may match nothing: a line break that was removed when the text was put on one line */
  isBreak: boolean;
  /** the forms whose compared parts end with this part */
  forms: Form[];
  /** all forms that begin with this part and those above it */
  all: Form[];
  children: Map<string, Node<Form>>;
}

export interface EncodedIndex<Form> {
  add(form: Form): void;
  /** The forms that may begin at this place. `cuts` are the places at which the text was cut off. */
  startingAt(text: string, at: number, cuts?: ReadonlySet<number>): Form[];
}

/** Characters that may begin an escape of any other character. */
const escapes = /[\\%&]/;

/** Characters that stand for themselves and never begin an escape. */
const neverEscapes = /^[a-z0-9"'/+.,;<>(){}[\]_]$/;

/** A byte in quoted-printable (mail), after `=`. */
const quotedByte = /^[\da-f]{2}$/i;

/** The characters with which a part may begin if it is not escaped. */
function firstOf(token: string): string[] {
  if (/^[\r\n\t]/.test(token)) return [' ', '\r', '\n', '\t'];
  if (token === ' ') return [' ', '+'];
  const character = token.charAt(0).toLowerCase();
  return token.codePointAt(0)! < 0x80 ? [character] : [character, '\uFFFD', '?'];
}

/**
 * Whether a place in a run of backslashes is skipped. In such a run only one place is tried: the first one from which
 * an escape of at most {@link maxBackslashes} backslashes reaches the end of the run.
 */
function isWithinRun(text: string, at: number): boolean {
  let length = 0;
  while (length <= maxBackslashes && text[at + length] === '\\') length += 1;
  return length > maxBackslashes || (length < maxBackslashes && text[at - 1] === '\\');
}

export function encodedIndex<Form extends Encoded>(): EncodedIndex<Form> {
  const roots = new Map<string, Node<Form>>();
  const byCharacter = new Map<string, Node<Form>[]>();

  function nodesAt(text: string, at: number): Iterable<Node<Form>> | undefined {
    const character = text.charAt(at);
    if (escapes.test(character)) return roots.values();
    const nodes = byCharacter.get(character.toLowerCase());
    if (character !== '=') return nodes;
    const byte = quotedByte.test(text.slice(at + 1, at + 3))
      ? Number.parseInt(text.slice(at + 1, at + 3), 16)
      : null;
    if (byte === null) return nodes;
    if (byte >= 0x80) return roots.values();
    return [...(nodes ?? []), ...(byCharacter.get(String.fromCharCode(byte).toLowerCase()) ?? [])];
  }

  return {
    add(form) {
      let level = roots;
      const tokens = form.tokens.slice(0, depth);
      for (const [place, token] of tokens.entries()) {
        // All texts with this pattern are equal except for upper and lower case.
        const before = place === 0 ? '' : form.between.source;
        const key = `${before} ${form.parts[place]!.source.toLowerCase()}`;
        let node = level.get(key);
        if (!node) {
          node = {
            pattern: form.parts[place]!,
            before: place === 0 ? null : form.between,
            first: new Set(firstOf(token)),
            isBreak: /^[\r\n\t]/.test(token),
            forms: [],
            all: [],
            children: new Map(),
          };
          level.set(key, node);
          if (level === roots)
            for (const first of firstOf(token))
              byCharacter.set(first, [...(byCharacter.get(first) ?? []), node]);
        }
        node.all.push(form);
        if (place === tokens.length - 1) node.forms.push(form);
        level = node.children;
      }
    },
    startingAt(text, at, cuts) {
      const found: Form[] = [];
      const collect = (nodes: Iterable<Node<Form>>, from: number, level: number): void => {
        const character = level === 1 ? '' : text.charAt(from).toLowerCase();
        const isPlain = level > 1 && neverEscapes.test(character);
        for (const { pattern, before, first, isBreak, forms, all, children } of nodes) {
          if (isPlain && !isBreak && !first.has(character)) continue;
          const end = endOfPart(pattern, before, text, from);
          if (end === null) continue;
          if (level >= depthAtCut && cuts?.has(end)) found.push(...all);
          else {
            found.push(...forms);
            collect(children.values(), end, level + 1);
          }
        }
      };
      if (text[at] === '\\' && isWithinRun(text, at)) return found;
      const nodes = nodesAt(text, at);
      if (nodes) collect(nodes, at, 1);
      return found;
    },
  };
}
