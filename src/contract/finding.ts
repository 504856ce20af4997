/** What a check reports. */

/** `error` counts as high, `warning` as medium. */
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
  /** One line for a person, at most 200 characters. It may differ from run to run: figures belong here. */
  title: string;
  description?: string;
  /**
   * What is broken: an endpoint, a table, a bot. Lists show at most 100 characters. It is a part of the identity, so
   * it must be stable.
   */
  component: string;
  /** Distinguishes findings of one component; by default the component itself. It must be stable too. */
  key?: string;
  /** Figures and samples behind the finding: plain JSON, no secrets. */
  metadata?: Record<string, unknown>;
  /** Components that this one cannot work without, in addition to {@link Bot.dependsOn}. */
  dependsOn?: string[];
  /**
   * A further look cannot say more, as with a setting or a rule of the engine's own: the finding opens at its first
   * report, whatever the bot's `confirm` is. Never for what the network or another server says, unless `pauseBot` keeps the bot from
   * looking again.
   */
  certain?: boolean;
  /** Of a check that is told of occurrences: how many were told since its last result; each counts in the finding. One unless given. */
  times?: number;
}

/**
 * The keys that a check looked at: listed one by one or, if there are many, as their count and the rule "every key of
 * this check except these". An open finding whose key was examined and not reported resolves; one whose key was not
 * examined stays as it is.
 */
export type Examined = string[] | { count: number; except: string[] };

/** One number that a check read, whether it passed or not. */
export interface Figure {
  /** what was counted or measured, in a few words that stay the same from run to run; at most 50 characters */
  name: string;
  /** a finite number, in `unit` */
  value: number;
  /** `ms`, `s`, `days`, `%`, `bytes`, `cents`; without it, a count of what `name` says */
  unit?: string;
}

export interface CheckResult {
  examined: Examined;
  findings: ReportedFinding[];
  /** What it read, also where all is well: 20 at most, those beyond are left out. They are stored with the run. */
  figures?: Figure[];
  /** There were more findings than were reported: no finding resolves by this result. */
  truncated?: boolean;
  /**
   * Its components break for reasons of their own, as errors of different types do: many broken ones are no storm, so that each
   * finding gets its own ticket.
   */
  unrelated?: boolean;
  /**
   * The check is told of changes and does not look itself: a key that it does not name stays as it is, and is not called unexamined.
   */
  partial?: boolean;
  /**
   * Of a check that is told of changes: keys that are not looked at any more, as it was told, and why, in a few words. An open finding of
   * such a key ends as no longer reported. It is not known whether its problem is gone, so nothing is judged by that: no cure, and no
   * recovery. Such a key is not in `examined`.
   */
  unreported?: { key: string; why: string }[];
  /**
   * Of a check that `remembers`: plain data, 16 KiB as JSON at most, which is committed with this result and given to the check at
   * its next run. Without it, what is remembered stays.
   */
  remember?: unknown;
  /**
   * Why the bot can do nothing until a person has acted, in one sentence, 500 characters at most: it is paused with this reason in the
   * commit that records this result, if its endpoint is still the one that was asked. Report a finding as well, with `certain`: it tells
   * people, and nothing looks again.
   */
  pauseBot?: string;
}
