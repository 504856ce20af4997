import { sql } from 'kysely';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Db } from '../database/connect.ts';
import { tryPatterns } from './patterns/try-patterns.ts';
import { currentIndex } from './patterns/current-index.ts';
import type { OpenFinding } from './finding/open-finding.ts';
import { readSolution, type Solution } from '../catalogue/solution.ts';

/** A knowledge entry whose pattern matches a finding. */
export interface Candidate {
  id: string;
  name: string;
  /** how freely it may act on this finding's component */
  autonomy: 'shadow' | 'suggest' | 'auto';
  /** true where the component has an autonomy of its own, and not the entry's */
  own?: boolean;
  enabled: boolean;
  solution: Solution;
}

export interface Matched {
  /** ordered by name */
  candidates: Candidate[];
  /** names of the entries of which it is not known whether they match: time was up, or they are too expensive to try */
  untried: string[];
}

/** Longer texts are cut before matching: a pattern is matched against a finding, not against a log file. */
export const maxText = 16_384;

/** The text of a finding that patterns are matched against. */
export const textOf = ({
  title,
  description,
  affected_component,
}: {
  [part in 'title' | 'description' | 'affected_component']: string | null;
}): string => [title, description ?? '', affected_component ?? ''].join('\n').slice(0, maxText);

/**
 * The entries whose pattern is found in the finding's title, description or component: also disabled ones, but not removed
 * ones.
 */
export async function match(db: Db, catalogue: Catalogue, finding: OpenFinding): Promise<Matched> {
  const { matching, untried } = tryPatterns(await currentIndex(db), textOf(finding));
  if (matching.length + untried.length === 0) return { candidates: [], untried: [] };
  const patterns = new Map(matching.map(({ id, issue_pattern }) => [id, issue_pattern]));
  const untriedIds = new Set(untried.map(({ id }) => id));
  const entries = await db
    .selectFrom('bot_knowledge as k')
    .leftJoin('bot_knowledge_autonomy as own', (join) =>
      join
        .onRef('own.knowledge_id', '=', 'k.id')
        .on('own.component', '=', finding.affected_component),
    )
    .select(['k.id', 'k.name', 'k.issue_pattern', 'k.solution', 'k.enabled'])
    .select((eb) => eb.fn.coalesce('own.autonomy', 'k.autonomy').as('autonomy'))
    .select((eb) => eb('own.autonomy', 'is not', null).$castTo<boolean>().as('own'))
    .where('k.id', '=', sql<string>`any(${[...patterns.keys(), ...untriedIds]}::uuid[])`)
    .where('k.removed_at', 'is', null)
    .orderBy('k.name')
    .execute();
  return {
    candidates: entries
      // An edit between the two reads may have given the entry another pattern: the next run uses the new one.
      .filter(({ id, issue_pattern }) => patterns.get(id) === issue_pattern)
      .map(({ issue_pattern: _, ...entry }) => ({
        ...entry,
        solution: readSolution(entry.solution, catalogue),
      })),
    untried: entries.filter(({ id }) => untriedIds.has(id)).map(({ name }) => name),
  };
}
