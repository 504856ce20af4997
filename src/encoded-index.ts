/** Which of many texts may begin at a place, without trying each of them. */
import type { Encoded } from './encoded.ts';

/** Parts that have to be there before all of a text is compared. */
const depth = 4;

interface Node<Form> {
  pattern: RegExp;
  /** those of which nothing more is known than that they begin so */
  forms: Form[];
  children: Map<string, Node<Form>>;
}

export interface EncodedIndex<Form> {
  add(form: Form): void;
  startingAt(text: string, at: number): Form[];
}

/** Characters that may begin an escape of any other one, or be a part of it. */
const escapes = /[\\%&+\s]/;

export function encodedIndex<Form extends Encoded>(): EncodedIndex<Form> {
  const roots = new Map<string, Node<Form>>();
  const byCharacter = new Map<string, Node<Form>[]>();

  function collect(nodes: Iterable<Node<Form>>, text: string, at: number, into: Form[]): void {
    for (const { pattern, forms, children } of nodes) {
      pattern.lastIndex = at;
      if (!pattern.test(text)) continue;
      const end = pattern.lastIndex;
      into.push(...forms);
      if (children.size > 0) collect(children.values(), text, end, into);
    }
  }

  return {
    add(form) {
      let level = roots;
      for (const [place, token] of form.tokens.slice(0, depth).entries()) {
        // All that have this part are equal but for its case.
        const key = token.toLowerCase();
        let node = level.get(key);
        if (!node) {
          node = { pattern: form.parts[place]!, forms: [], children: new Map() };
          level.set(key, node);
          if (level === roots) {
            const first = key.charAt(0);
            byCharacter.set(first, [...(byCharacter.get(first) ?? []), node]);
          }
        }
        if (place === Math.min(depth, form.tokens.length) - 1) node.forms.push(form);
        level = node.children;
      }
    },
    startingAt(text, at) {
      const character = text.charAt(at);
      const nodes = escapes.test(character)
        ? roots.values()
        : byCharacter.get(character.toLowerCase());
      const found: Form[] = [];
      if (nodes) collect(nodes, text, at, found);
      return found;
    },
  };
}
