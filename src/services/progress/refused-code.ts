/** What the processes that are alive have left out of their project's own code. */
import type { Node } from '../../data/bots/engine.ts';

export interface RefusedByNode {
  /** file and line, as seen from the project's folder */
  place: string;
  why: string;
  hint: string;
}

const isRefused = (value: unknown): value is RefusedByNode =>
  typeof value === 'object' &&
  value !== null &&
  ['place', 'why', 'hint'].every(
    (key) => typeof (value as Record<string, unknown>)[key] === 'string',
  );

/** Each once, however many processes have it. */
export function refusedByNodes(nodes: readonly Pick<Node, 'alive' | 'refused'>[]): RefusedByNode[] {
  const all = nodes
    .filter(({ alive }) => alive)
    .flatMap(({ refused }) =>
      Array.isArray(refused) ? (refused as unknown[]).filter(isRefused) : [],
    );
  return [...new Map(all.map((each) => [`${each.place} ${each.why}`, each])).values()];
}
