/**
 * Finds in one pass which of many texts occur in another text: Aho and Corasick, "Efficient string matching" (1975), over
 * UTF-16 units. Nodes and their edges are in flat arrays: 100,000 objects would cost the garbage collector more than the
 * search saves.
 */
export interface LiteralSearch {
  /** Numbers of the texts that occur, in any order. */
  occurring(units: readonly number[]): number[];
  readonly bytes: number;
}

/** Yields now and then, so that other work can run while a large search is built. */
export function* buildLiteralSearch(
  texts: readonly (readonly number[])[],
): Generator<void, LiteralSearch> {
  const maxNodes = texts.reduce((sum, text) => sum + text.length, 1);
  const edges = edgeTable(maxNodes);
  const parent = new Int32Array(maxNodes);
  const unit = new Uint16Array(maxNodes);
  const depth = new Uint16Array(maxNodes);
  /** the number of the text that ends at a node; -1 for none */
  const textAt = new Int32Array(maxNodes).fill(-1);
  let nodes = 1;
  for (const [number, text] of texts.entries()) {
    let node = 0;
    for (const next of text) {
      let child = edges.get(node, next);
      if (child === 0) {
        child = nodes;
        nodes += 1;
        edges.set(node, next, child);
        parent[child] = node;
        unit[child] = next;
        depth[child] = depth[node]! + 1;
      }
      node = child;
    }
    textAt[node] = number;
    if (number % 64 === 0) yield;
  }

  // A node's fallback is the node of the longest proper suffix of its text. Nodes of shorter texts are done first.
  const fallback = new Int32Array(nodes);
  // The next node on the chain of fallbacks at which a text ends.
  const ending = new Int32Array(nodes);
  let done = 0;
  for (const node of byDepth(depth, nodes)) {
    if (node === 0) continue;
    const from = parent[node]!;
    if (from !== 0) fallback[node] = edges.follow(fallback[from]!, unit[node]!, fallback);
    const back = fallback[node]!;
    ending[node] = textAt[back]! >= 0 ? back : ending[back]!;
    done += 1;
    if (done % 512 === 0) yield;
  }

  const seen = new Uint32Array(texts.length);
  let search = 0;
  return {
    occurring(units) {
      search += 1;
      const found: number[] = [];
      let node = 0;
      for (const next of units) {
        node = edges.follow(node, next, fallback);
        let end = textAt[node]! >= 0 ? node : ending[node]!;
        // If a text on this chain of fallbacks was reported before, the rest of the chain was too.
        while (end !== 0 && seen[textAt[end]!] !== search) {
          seen[textAt[end]!] = search;
          found.push(textAt[end]!);
          end = ending[end]!;
        }
      }
      return found;
    },
    bytes: edges.bytes + maxNodes * 12 + nodes * 8 + seen.byteLength,
  };
}

/** Edges of all nodes in one open-addressed table, at most two thirds full. 0 stands for no edge, because no edge leads to the root. */
function edgeTable(maxEdges: number) {
  const size = 2 ** Math.ceil(Math.log2(Math.max(16, maxEdges * 1.5)));
  const mask = size - 1;
  const from = new Int32Array(size);
  const label = new Uint16Array(size);
  const to = new Int32Array(size);
  const slotOf = (node: number, unit: number): number => {
    let slot = (Math.imul(node, 0x9e3779b1) ^ Math.imul(unit + 1, 0x85ebca6b)) >>> 0;
    slot = (slot ^ (slot >>> 15)) & mask;
    while (to[slot] !== 0 && (from[slot] !== node || label[slot] !== unit))
      slot = (slot + 1) & mask;
    return slot;
  };
  const get = (node: number, unit: number): number => to[slotOf(node, unit)]!;
  return {
    get,
    set(node: number, unit: number, child: number): void {
      const slot = slotOf(node, unit);
      from[slot] = node;
      label[slot] = unit;
      to[slot] = child;
    },
    follow(node: number, unit: number, fallback: Int32Array): number {
      let from = node;
      for (;;) {
        const next = get(from, unit);
        if (next !== 0 || from === 0) return next;
        from = fallback[from]!;
      }
    },
    bytes: size * 10,
  };
}

function byDepth(depth: Uint16Array, nodes: number): Int32Array {
  let deepest = 0;
  for (let node = 0; node < nodes; node += 1) deepest = Math.max(deepest, depth[node]!);
  const starts = new Int32Array(deepest + 2);
  for (let node = 0; node < nodes; node += 1) starts[depth[node]! + 1]! += 1;
  for (let level = 1; level < starts.length; level += 1) starts[level]! += starts[level - 1]!;
  const order = new Int32Array(nodes);
  for (let node = 0; node < nodes; node += 1) {
    const level = depth[node]!;
    order[starts[level]!] = node;
    starts[level]! += 1;
  }
  return order;
}
