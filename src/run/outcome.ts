import type { CheckResult } from '../bot.ts';

/** How one check ended. Only a passed or failed one says anything about findings. */
export type CheckOutcome = { name: string; title: string; ms: number } & (
  | { status: 'passed' | 'failed'; result: CheckResult }
  | { status: 'errored' | 'skipped'; reason: string }
);

/** Components that the checks looked at; several checks of a bot look at the same ones. */
export const examinedBy = (outcomes: CheckOutcome[]): number =>
  Math.max(
    0,
    ...outcomes.map((outcome) => {
      if (!('result' in outcome)) return 0;
      const { examined } = outcome.result;
      return Array.isArray(examined) ? examined.length : examined.count;
    }),
  );
