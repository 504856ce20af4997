import type { Candidate } from './match.ts';

const freedom = { auto: 0, suggest: 1, shadow: 2 } as const;

/**
 * The order in which candidates are tried: playbooks before advice, the freest first, then the better
 * record, then the name, so that the same figures always give the same order.
 */
export const choose = (candidates: Candidate[]): Candidate[] =>
  candidates.toSorted(
    (a, b) =>
      Number(b.solution.kind === 'playbook') - Number(a.solution.kind === 'playbook') ||
      freedom[a.autonomy] - freedom[b.autonomy] ||
      b.success_rate - a.success_rate ||
      a.name.localeCompare(b.name, 'en'),
  );
