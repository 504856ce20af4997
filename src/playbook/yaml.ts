/** The YAML that a playbook may use: no anchors, aliases, tags or merge keys, and only texts as keys. */
import {
  isAlias,
  isCollection,
  isMap,
  isNode,
  isScalar,
  LineCounter,
  parseDocument,
  type Node,
  type Pair,
} from 'yaml';
import { maxDepth, maxBytes } from './shape.ts';

/** A mistake and its place; lines and columns begin at 1. */
export interface Problem {
  line: number;
  column: number;
  message: string;
}

/** A YAML text that was read. */
export interface YamlText {
  /** plain values; undefined when there are problems */
  value: unknown;
  problems: Problem[];
  /**
   * The place of the value at this path, or of the nearest value around it that exists; with `key` the place of the
   * key itself.
   */
  placeAt(path: PropertyKey[], key?: string): Pick<Problem, 'line' | 'column'>;
}

const start = { line: 1, column: 1 };

/** `limits`: those of a playbook unless given. */
export function readYaml(
  text: string,
  limits: { maxBytes: number; maxDepth: number } = { maxBytes, maxDepth },
): YamlText {
  const refuse = (message: string): YamlText => ({
    value: undefined,
    problems: [{ ...start, message }],
    placeAt: () => start,
  });
  const bytes = Buffer.byteLength(text);
  if (bytes > limits.maxBytes)
    return refuse(`is ${bytes} bytes long; the limit is ${limits.maxBytes}`);

  const lines = new LineCounter();
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return line > 0 ? { line, column: col } : start;
  };
  const placeOf = (node: unknown) => place((isNode(node) && node.range?.[0]) || 0);
  let document: ReturnType<typeof parseDocument>;
  try {
    document = parseDocument(text, { lineCounter: lines, prettyErrors: false, version: '1.2' });
  } catch (error) {
    // The YAML parser calls itself for each level; a text with very many levels overflows the stack.
    if (error instanceof RangeError) return refuse(tooDeep);
    throw error;
  }
  const problems = [...document.errors, ...document.warnings].map(({ pos, message }) => ({
    ...place(pos[0]),
    message: isOverflow(message) ? tooDeep : message,
  }));
  const root = document.contents as Node | null;
  if (problems.length === 0)
    refuseForbidden(root, { depth: 1, max: limits.maxDepth }, (node, message) =>
      problems.push({ ...placeOf(node), message }),
    );
  return {
    value: problems.length === 0 ? document.toJS() : undefined,
    problems,
    placeAt(path, key) {
      let node: unknown = root;
      for (const part of path) {
        const next: unknown = isCollection(node) ? node.get(part, true) : undefined;
        if (!isNode(next)) break;
        node = next;
      }
      if (key !== undefined && isMap(node)) {
        const pair = node.items.find(
          (item) => isScalar(item.key) && String(item.key.value) === key,
        );
        if (pair) return placeOf(pair.key);
      }
      return placeOf(node);
    },
  };
}

const tooDeep = 'is nested too deeply';
/** The parser reports some of its own overflows as errors of the text. */
const isOverflow = (message: string): boolean => message.includes('Maximum call stack');

/** YAML reads `{{secret:NAME}}` without quotes as a map whose key is a map. */
const unquoted = 'a key has to be text (a value that begins with {{ has to stand in quotes)';
const isBraced = (key: unknown): boolean => isMap(key) && key.flow === true;

function refuseForbidden(
  node: unknown,
  level: { depth: number; max: number },
  refuse: (node: unknown, why: string) => void,
): void {
  if (!isNode(node)) return;
  if (isAlias(node)) return refuse(node, 'aliases are not allowed');
  if ('anchor' in node && node.anchor) refuse(node, 'anchors are not allowed');
  if (node.tag) refuse(node, 'tags are not allowed');
  if (isScalar(node) && typeof node.value === 'string' && node.value.includes('\0'))
    refuse(node, 'it holds a NUL, which PostgreSQL does not store');
  if (!isCollection(node)) return;
  const { depth, max } = level;
  if (depth > max) return refuse(node, `is nested deeper than ${max} levels`);
  const below = { depth: depth + 1, max };
  for (const item of node.items) {
    if (!isMap(node)) {
      refuseForbidden(item, below, refuse);
      continue;
    }
    const { key, value } = item as Pair;
    if (!isScalar(key) || typeof key.value !== 'string')
      refuse(key, isBraced(key) ? unquoted : 'a key has to be text');
    else if (key.value === '<<') refuse(key, 'merge keys are not allowed');
    // As a key of an object it would be the prototype of that object, and not one of its values.
    else if (key.value === '__proto__') refuse(key, '__proto__ cannot be a name');
    else refuseForbidden(key, below, refuse);
    refuseForbidden(value, below, refuse);
  }
}
