/** What a check reports. */

/** `error` is taken as high, `warning` as medium. */
export type ReportedSeverity =
  | 'critical'
  | 'high'
  | 'medium'
  | 'low'
  | 'info'
  | 'error'
  | 'warning';

/** One problem that a check saw in this run. */
export interface ReportedFinding {
  severity: ReportedSeverity;
  /** at most 50 characters */
  category: string;
  /** One line for a person, at most 200 characters. It may change from run to run: figures belong here. */
  title: string;
  description?: string;
  /** What is broken: an endpoint, a table, a bot; shown with at most 100 characters. Part of the identity, so it must be stable. */
  component: string;
  /** Tells findings of one component apart; the component itself unless given. Must be stable too. */
  key?: string;
  /** Figures and samples behind the finding: plain JSON, no secrets. */
  metadata?: Record<string, unknown>;
  /** Components that this one cannot work without, further than {@link Bot.dependsOn} says. */
  dependsOn?: string[];
}

/**
 * The keys that a check looked at: named one by one, or if there are many as their count and the
 * test "every key of this check but these". An open finding whose key was examined and not reported
 * resolves; one whose key was not examined stays as it is.
 */
export type Examined = string[] | { count: number; except: string[] };

export interface CheckResult {
  examined: Examined;
  findings: ReportedFinding[];
  /** There were more findings than are reported: nothing resolves by this result. */
  truncated?: boolean;
}
