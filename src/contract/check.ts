import type { Kysely } from 'kysely';
import type { Database } from '../database/connect.ts';
import type { CheckResult } from './finding.ts';

/** What every check is given. */
export interface AnyContext {
  /** Reads the platform's database; the session refuses to write. */
  db: Kysely<Database>;
  /** The database's time when the check began; hosts' clocks are not asked. */
  now: Date;
  /** Aborted at the run's deadline and when the run is cancelled. */
  signal: AbortSignal;
  /** Ends the check as skipped, with the reason: it neither opens nor resolves findings. */
  skip(reason: string): never;
}

export interface CheckContext extends AnyContext {
  /**
   * Set when a cure is being verified, to the moment of the cure. A check of a state looks at the state; one
   * whose findings accrue asks for what was due by then and is still there, because what came due later is
   * nothing the cure could have removed.
   */
  since: Date | null;
}

/** A check of a state: how things are now. What looks at events of a window is an `EventCheck`. */
export interface Check<Config> {
  /** unique within the bot; part of every finding's identity */
  name: string;
  /** the question that it answers, for people */
  title: string;
  events?: undefined;
  /** Findings that come back by themselves, as expired sessions do: the verification alone decides that a cure held. */
  accruing?: boolean;
  run(config: Config, context: CheckContext): Promise<CheckResult>;
}

/** Thrown by {@link CheckContext.skip}. */
export class SkippedCheck extends Error {}
