/** Changes a YAML document and leaves comments and order as they are. */
import { isDeepStrictEqual } from 'node:util';
import { isMap, isScalar, Pair, visit, type Document, type Scalar, type YAMLMap } from 'yaml';

/**
 * Sets one key of a map in a document. Maps in it are changed key by key, so that comments in them stay; a key that is not in `value`
 * and still in `whole` was left out on purpose.
 */
export function bringUpToDate(
  document: Document,
  map: YAMLMap,
  key: string,
  value: unknown,
  whole: unknown,
): void {
  const old = map.get(key, true);
  if (isMap(old) && isPlainMap(value) && isPlainMap(whole)) {
    const names = old.items.map(({ key: each }) => String(isScalar(each) ? each.value : each));
    for (const name of names)
      if (!Object.hasOwn(value, name) && !Object.hasOwn(whole, name)) old.delete(name);
    const says = old.toJS(document) as Record<string, unknown>;
    for (const [name, each] of Object.entries(value))
      if (!isDeepStrictEqual(says[name], each))
        bringUpToDate(document, old as YAMLMap, name, each, whole[name]);
    return;
  }
  const node = nodeOf(document, value);
  if (old && typeof old === 'object' && node && typeof node === 'object') {
    const { comment, commentBefore, spaceBefore } = old as Scalar;
    Object.assign(node, { comment, commentBefore, spaceBefore });
  }
  const pair = map.items.find((item) => isScalar(item.key) && item.key.value === key);
  if (pair) pair.value = node;
  else map.add(new Pair(nodeOf(document, key), node));
}

const isPlainMap = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

/** What other readers of YAML take for a number, a date, a time, a truth or nothing. */
const ambiguous =
  /^(?:[-+.\d][-+.\d:_,a-fox \t]*|y|n|yes|no|on|off|true|false|null|nan|inf|~|=|<<)$/i;

export function nodeOf(document: Document, value: unknown) {
  const node = document.createNode(value, { aliasDuplicateObjects: false });
  visit(node as never, {
    Scalar(_, each) {
      if (typeof each.value !== 'string') return;
      if (ambiguous.test(each.value)) each.type = 'QUOTE_SINGLE';
      else if (each.value.includes('\n')) each.type = 'BLOCK_LITERAL';
    },
  });
  return node;
}
