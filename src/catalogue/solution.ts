import type { Risk } from '../contract/remedy.ts';
import type { Catalogue } from './catalogue.ts';
import { messageOf } from '../ground/errors.ts';
import { isPlaybook, PlaybookError, readPlaybook, type Step } from '../playbook/read.ts';

export type { Step } from '../playbook/read.ts';

/** What is in `bot_knowledge.solution`: advice for a person, steps for the engine, or steps that cannot run. */
export type Solution =
  | { kind: 'prose'; text: string }
  | { kind: 'playbook'; steps: Step[] }
  | { kind: 'broken'; why: string };

// Each text is parsed once, and not for every finding that it matches: a hostile text takes a few hundred milliseconds.
const caches = new WeakMap<Catalogue, Map<string, Solution>>();
const maxCached = 20_000;

/** Reads a solution: a playbook where it begins with `steps:`, else advice. */
export function readSolution(solution: string, catalogue: Catalogue): Solution {
  if (!isPlaybook(solution)) return { kind: 'prose', text: solution };
  const cache = caches.get(catalogue) ?? new Map<string, Solution>();
  caches.set(catalogue, cache);
  const cached = cache.get(solution);
  if (cached) return cached;
  const parsed = stepsOf(solution, catalogue);
  if (cache.size >= maxCached) cache.delete(cache.keys().next().value!);
  cache.set(solution, parsed);
  return parsed;
}

function stepsOf(solution: string, catalogue: Catalogue): Solution {
  try {
    return { kind: 'playbook', steps: readPlaybook(solution, catalogue) };
  } catch (error) {
    return { kind: 'broken', why: error instanceof PlaybookError ? error.why : messageOf(error) };
  }
}

const ranks = { safe: 0, reversible: 1, irreversible: 2 } as const;

/** An entry's risk is the highest of its steps. */
export const riskOf = (steps: Step[]): Risk =>
  steps
    .map((step) => step.remedy.risk)
    .reduce((worst, risk) => (ranks[risk] > ranks[worst] ? risk : worst), 'safe' as Risk);
