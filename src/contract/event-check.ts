import type { AnyContext, Check } from './check.ts';
import type { CheckResult } from './finding.ts';

/**
 * What an event check receives. It counts the events of each key from `from` on, or from the key's own start, until
 * `now`, both included. Earlier events do not count in this run: a remedy, an undo or a person's answer lies in
 * between, and the engine compares the events before it with those after it.
 */
export interface EventContext extends AnyContext {
  /** the beginning of the window; it may lie further back where single keys are judged since a remedy acted on them */
  from: Date;
  /** later starts of single keys; a start may lie in the future, while a remedy is taking effect */
  starts: readonly { key: string; from: Date }[];
  /** the keys to look at; null: every key */
  only: readonly string[] | null;
}

/** What an event check counted for one key, from that key's start until now. */
export interface Tally {
  key: string;
  /** events that count against the key */
  bad: number;
  /** all events, the bad ones included; null if good events leave no trace, as with an error log */
  of: number | null;
  /** null exactly when `bad` is 0 */
  newestBadAt: Date | null;
}

export interface EventResult extends CheckResult {
  /**
   * One tally for each reported key, for each key of `starts` and for each of `only`; a key without any event has a
   * tally of zeros. The key identifies a finding of an event check: two findings of a result never have the same key.
   */
  tallies: Tally[];
}

/**
 * A check of events in a window, for example of requests that failed in the last hour. The check counts; the engine
 * judges.
 */
export interface EventCheck<Config> extends Pick<
  Check<Config>,
  'name' | 'title' | 'remembers' | 'looksOutside'
> {
  events: true;
  /** how far back it looks, in seconds, above 0 */
  windowSeconds(config: Config): number;
  run(config: Config, context: EventContext): Promise<EventResult>;
}

export type AnyCheck<Config> = Check<Config> | EventCheck<Config>;
