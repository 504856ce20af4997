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
  /** the problem comes back by itself, so a cure is only expected to make the check pass once */
  accruing?: boolean;
  /** only of a check of events: for how many seconds its check is asked again after an unclear verdict */
  judgeWithin?: number;
}

/**
 * Runs the same check once more, for this finding alone. The verdict is `unclear` when the check erred or did not look
 * at the finding's key, or when there were too few events. With `since` only what happened after a cure counts.
 */
export type Recheck = (finding: OpenFinding, since: Date | null) => Promise<Verdict>;

/**
 * What a remedy learns about the problem; the contract's name for it is `Target` (src/heal/applied.ts).
 */
export type TargetFinding = Pick<
  OpenFinding,
  'fingerprint' | 'affected_component' | 'component_key' | 'metadata'
>;
