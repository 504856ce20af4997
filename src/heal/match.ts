import { sql } from 'kysely';
import type { Catalogue } from '../catalogue.ts';
import type { Db } from '../data/connect.ts';
import { examine } from './examine.ts';
import { currentIndex } from './knowledge-now.ts';
import type { Patient } from './patient.ts';
import { readSolution, type Solution } from './playbook.ts';

/** A knowledge entry whose pattern matches a finding. */
export interface Candidate {
  id: string;
  name: string;
  /** how freely it may act on this finding's component */
  autonomy: 'shadow' | 'suggest' | 'auto';
  enabled: boolean;
  times_applied: number;
  success_rate: number;
  solution: Solution;
}

export interface Matched {
  /** ordered by name */
  candidates: Candidate[];
  /** names of the entries of which is not known whether they match: time was up, or they are too expensive to try */
  unexamined: string[];
}

/** Longer texts are cut for matching: a pattern is asked about a finding, not about a log file. */
const mostText = 16_384;

/** The entries whose pattern is found in the finding's title, description or component, disabled ones too. */
export async function match(db: Db, catalogue: Catalogue, finding: Patient): Promise<Matched> {
  const text = [finding.title, finding.description ?? '', finding.affected_component]
    .join('\n')
    .slice(0, mostText);
  const { found, unexamined } = examine(await currentIndex(db), text);
  if (found.length + unexamined.length === 0) return { candidates: [], unexamined: [] };
  const patterns = new Map(found.map(({ id, issue_pattern }) => [id, issue_pattern]));
  const unknown = new Set(unexamined.map(({ id }) => id));
  const entries = await db
    .selectFrom('bot_knowledge as k')
    .leftJoin('bot_knowledge_autonomy as own', (join) =>
      join
        .onRef('own.knowledge_id', '=', 'k.id')
        .on('own.component', '=', finding.affected_component),
    )
    .select(['k.id', 'k.name', 'k.issue_pattern', 'k.solution', 'k.enabled'])
    .select(['k.times_applied', 'k.success_rate'])
    .select((eb) => eb.fn.coalesce('own.autonomy', 'k.autonomy').as('autonomy'))
    .where('k.id', '=', sql<string>`any(${[...patterns.keys(), ...unknown]}::uuid[])`)
    .orderBy('k.name')
    .execute();
  return {
    candidates: entries
      // An edit between the two looks may have made another entry of it: the next run asks that one.
      .filter(({ id, issue_pattern }) => patterns.get(id) === issue_pattern)
      .map(({ issue_pattern: _, ...entry }) => ({
        ...entry,
        times_applied: entry.times_applied ?? 0,
        success_rate: Number(entry.success_rate ?? 0),
        solution: readSolution(entry.solution, catalogue),
      })),
    unexamined: entries.filter(({ id }) => unknown.has(id)).map(({ name }) => name),
  };
}
