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
  /** the problem comes back by itself: the most that can be said of a cure is that the check passes after it */
  accruing?: boolean;
  /** of a check of events: for how many seconds an unclear verdict is asked for again */
  judgeWithin?: number;
}

/**
 * Runs the same check once more, for this finding alone. The verdict is `unclear` when the check erred or did not look
 * at the finding's key, or when too few events came to tell. With `since` only what happened after a cure counts.
 */
export type Recheck = (finding: OpenFinding, since: Date | null) => Promise<Verdict>;

/**
 * What a remedy gets to know about the problem; the contract calls it `Target`, in its own words (src/heal/applied.ts).
 */
export type TargetFinding = Pick<
  OpenFinding,
  'fingerprint' | 'affected_component' | 'component_key' | 'metadata'
>;
