import type { CheckResult } from '../bot.ts';

/** How one check ended. Only a passed or failed one says anything about findings. */
export type CheckOutcome = { name: string; title: string; ms: number } & (
  | { status: 'passed' | 'failed'; result: CheckResult }
  | { status: 'errored' | 'skipped'; reason: string }
);
