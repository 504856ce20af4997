import { RE2JS } from 're2js';
import type { Catalogue } from '../catalogue.ts';
import type { Db } from '../data/connect.ts';
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

/** Longer texts are cut for matching: a pattern is asked about a finding, not about a log file. */
const mostText = 16_384;

// RE2 runs in linear time, so no pattern can hang the engine. Compiled once per text; the newest stay.
const compiled = new Map<string, RE2JS | null>();
const mostCompiled = 20_000;

function compile(pattern: string): RE2JS | null {
  const known = compiled.get(pattern);
  if (known !== undefined) return known;
  let made: RE2JS | null = null;
  try {
    made = RE2JS.compile(pattern, RE2JS.CASE_INSENSITIVE);
  } catch {
    // A pattern that got in by other ways than our door matches nothing.
  }
  if (compiled.size >= mostCompiled) compiled.delete(compiled.keys().next().value!);
  compiled.set(pattern, made);
  return made;
}

/** The entries whose pattern is found in the finding's title, description or component, disabled ones too. */
export async function match(db: Db, catalogue: Catalogue, finding: Patient): Promise<Candidate[]> {
  const text = [finding.title, finding.description ?? '', finding.affected_component]
    .join('\n')
    .slice(0, mostText);
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
    .orderBy('k.name')
    .execute();
  return entries
    .filter((entry) => compile(entry.issue_pattern)?.matcher(text).find())
    .map(({ issue_pattern: _, ...entry }) => ({
      ...entry,
      times_applied: entry.times_applied ?? 0,
      success_rate: Number(entry.success_rate ?? 0),
      solution: readSolution(entry.solution, catalogue),
    }));
}
