/** Which of many texts may begin at a place, without trying each of them. */
import { deepest, type Encoded } from './encoded.ts';

/** Parts that have to be there before all of a text is compared; at a cut less is enough. */
const depth = 8;
const depthAtCut = 4;

interface Node<Form> {
  pattern: RegExp;
  /** those of which nothing more is known than that they begin so */
  forms: Form[];
  /** all that begin so */
  all: Form[];
  children: Map<string, Node<Form>>;
}

export interface EncodedIndex<Form> {
  add(form: Form): void;
  /** `cuts` are places at which the text breaks off. */
  startingAt(text: string, at: number, cuts?: ReadonlySet<number>): Form[];
}

/** Characters that may begin an escape of any other one. */
const escapes = /[\\%&]/;

/** Characters with which a part may begin where it is not escaped. */
function firstOf(token: string): string[] {
  if (/^[\r\n\t]/.test(token)) return [' ', '\r', '\n', '\t'];
  return token === ' ' ? [' ', '+'] : [token.charAt(0).toLowerCase()];
}

/** Of a run of backslashes one place is enough: the farthest from which its end can be reached. */
function isWithinRun(text: string, at: number): boolean {
  let length = 0;
  while (length <= deepest && text[at + length] === '\\') length += 1;
  return length > deepest || (length < deepest && text[at - 1] === '\\');
}

export function encodedIndex<Form extends Encoded>(): EncodedIndex<Form> {
  const roots = new Map<string, Node<Form>>();
  const byCharacter = new Map<string, Node<Form>[]>();

  return {
    add(form) {
      let level = roots;
      const tokens = form.tokens.slice(0, depth);
      for (const [place, token] of tokens.entries()) {
        // All that have this pattern are equal but for its case.
        const key = form.parts[place]!.source.toLowerCase();
        let node = level.get(key);
        if (!node) {
          node = { pattern: form.parts[place]!, forms: [], all: [], children: new Map() };
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
        for (const { pattern, forms, all, children } of nodes) {
          pattern.lastIndex = from;
          if (!pattern.test(text)) continue;
          const end = pattern.lastIndex;
          if (level >= depthAtCut && cuts?.has(end)) found.push(...all);
          else {
            found.push(...forms);
            collect(children.values(), end, level + 1);
          }
        }
      };
      const character = text.charAt(at);
      if (character === '\\' && isWithinRun(text, at)) return found;
      const nodes = escapes.test(character)
        ? roots.values()
        : byCharacter.get(character.toLowerCase());
      if (nodes) collect(nodes, at, 1);
      return found;
    },
  };
}
