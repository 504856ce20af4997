import { parse } from 'yaml';
import { z } from 'zod';
import type { Remedy } from '../bot.ts';
import type { Catalogue } from '../catalogue.ts';
import { messageOf } from '../errors.ts';

/** One rung of the ladder: the next one is tried only if the check still fails. */
export interface Step {
  remedy: Remedy;
  params: unknown;
}

/** What `bot_knowledge.solution` says: advice for a person, steps for the engine, or steps that cannot run. */
export type Solution =
  | { kind: 'prose'; text: string }
  | { kind: 'playbook'; steps: Step[] }
  | { kind: 'broken'; why: string };

const shape = z.strictObject({
  steps: z
    .array(
      z.strictObject({ remedy: z.string(), with: z.record(z.string(), z.unknown()).default({}) }),
    )
    .min(1)
    .max(10),
});

/** A solution is a playbook when it begins with `steps:`; anything else is prose. */
export function readSolution(solution: string, catalogue: Catalogue): Solution {
  if (!/^\s*steps\s*:/.test(solution)) return { kind: 'prose', text: solution };
  try {
    const { steps } = shape.parse(parse(solution));
    return {
      kind: 'playbook',
      steps: steps.map((step) => {
        const remedy = catalogue.remedy(step.remedy);
        if (!remedy) throw new Error(`there is no remedy ${step.remedy}`);
        return { remedy, params: remedy.params.parse(step.with) };
      }),
    };
  } catch (error) {
    return {
      kind: 'broken',
      why: error instanceof z.ZodError ? z.prettifyError(error) : messageOf(error),
    };
  }
}

const ranks = { safe: 0, reversible: 1, irreversible: 2 } as const;
export type Risk = keyof typeof ranks;

/** An entry's risk is the highest of its steps. */
export const riskOf = (steps: Step[]): Risk =>
  steps
    .map((step) => step.remedy.risk)
    .reduce((worst, risk) => (ranks[risk] > ranks[worst] ? risk : worst), 'safe' as Risk);
