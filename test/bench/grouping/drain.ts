/**
 * The peer: Drain (He et al., ICWS 2017) as its paper describes it, with one configuration for all sets: numbers and
 * addresses masked by a regular expression, a tree of the count of tokens and the first two of them, and similarity of half
 * the tokens.
 */
const masked =
  /(?<=[^A-Za-z0-9]|^)(?:0x[\da-f]+|[\da-f]{8,}|-?\d+(?:[.:]\d+)*)(?=[^A-Za-z0-9]|$)/gi;
const depth = 2;
const minSimilarity = 0.5;
const maxChildren = 100;
const open = '<*>';

interface Cluster {
  id: string;
  tokens: string[];
}

export function createDrain(): { add(message: string): string } {
  const leaves = new Map<string, Cluster[]>();
  const children = new Map<string, Set<string>>();
  let lastId = 0;

  function leafOf(tokens: string[]): Cluster[] {
    let path = String(tokens.length);
    for (const token of tokens.slice(0, depth)) {
      const known = children.get(path) ?? new Set();
      if (known.size === 0) children.set(path, known);
      const name =
        /\d/.test(token) || (known.size >= maxChildren && !known.has(token)) ? open : token;
      known.add(name);
      path += `\0${name}`;
    }
    const leaf = leaves.get(path) ?? [];
    if (leaf.length === 0) leaves.set(path, leaf);
    return leaf;
  }

  return {
    add(message) {
      const tokens = message.replaceAll(masked, open).trim().split(/\s+/);
      const leaf = leafOf(tokens);
      let best: Cluster | undefined;
      let bestSimilarity = -1;
      for (const cluster of leaf) {
        let same = 0;
        for (const [at, token] of tokens.entries())
          if (cluster.tokens[at] === token && token !== open) same++;
        const similarity = same / tokens.length;
        if (similarity > bestSimilarity) [best, bestSimilarity] = [cluster, similarity];
      }
      if (best && bestSimilarity >= minSimilarity) {
        best.tokens = best.tokens.map((token, at) => (token === tokens[at] ? token : open));
        return best.id;
      }
      const id = String(++lastId);
      leaf.push({ id, tokens });
      return id;
    },
  };
}
