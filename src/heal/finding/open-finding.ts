import type { Verdict } from './verdict.ts';

/** The open finding that is to be healed: columns of `bot_findings`. */
export interface OpenFinding {
  id: string;
  bot_id: string;
  fingerprint: string;
  check_name: string;
  severity: 'critical' | 'high' | 'medium' | 'low' | 'info';
  category: string;
  title: string;
  description: string | null;
  affected_component: string;
  component_key: string;
  metadata: Record<string, unknown> | null;
  /** it comes back by itself: that its check passes after a cure is all that can be said of the cure */
  accruing?: boolean;
  /** of a check of events: seconds for which an unclear verdict is asked for again */
  judgeWithin?: number;
}

/**
 * The same check once more, asked about this finding alone; `unclear` when it erred or did not look, or when too few
 * events came to tell. With `since` only what happened after a cure counts.
 */
export type Recheck = (finding: OpenFinding, since: Date | null) => Promise<Verdict>;

/** What a remedy is told of the problem; the contract's `Target` has it in its own words (src/heal/applied.ts). */
export type TargetFinding = Pick<
  OpenFinding,
  'fingerprint' | 'affected_component' | 'component_key' | 'metadata'
>;
