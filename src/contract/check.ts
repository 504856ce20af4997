import type { Kysely } from 'kysely';
import type { Database } from '../database/connect.ts';
import type { CheckResult } from './finding.ts';
import type { AwaitedReport } from './report.ts';

/** The run that asks a check. */
export interface AskingRun {
  id: string;
  attempt: number;
  /** `bots.api_endpoint` as it was when the run started */
  endpoint: string;
  /** how long the run may take */
  timeoutMs: number;
  /** how much of that is left as the check is asked */
  leftMs: number;
}

/** What every check receives. */
export interface AnyContext {
  /** For reading the platform's database; the session refuses writes. */
  db: Kysely<Database>;
  /** The database's time when the check began; the clocks of hosts do not count. */
  now: Date;
  /** Aborted at the run's deadline and when the run is cancelled. */
  signal: AbortSignal;
  /** For a check that passes the question on to another system. */
  run: AskingRun;
  /**
   * The value of a secret that the bot names in `secrets`. Where it is not stored, or cannot be opened, the check ends as skipped,
   * and says which secret it is and how to set it. Throws for any other name.
   */
  secret(name: string): string;
  /** Of a check that `remembers`: what its last recorded result said to `remember`; null before the first one. */
  remembered: unknown;
  /**
   * Says how far a long check is: a share from 0 to 1, and a sentence for people. It may be called as often as the check likes;
   * people see it within a few seconds. It changes nothing about the result.
   */
  progress(share: number, sentence?: string): void;
  /**
   * Ends the check as skipped, with the reason: it neither opens nor resolves findings. With `because` where the engine was told not to
   * let it look: a run of which every check is skipped so is `skipped` itself, and not failed.
   */
  skip(reason: string, because?: SkipCause): never;
  /** Ends the check as errored, and its run as `timeout`, which is not tried again: what it waited for has not come in time. */
  timeOut(reason: string): never;
  /**
   * For a check whose request is answered later by a report: call it before the request is sent. `id` is the request's, unique among
   * all runs; a report is taken for `withinMs` from now on, in milliseconds. Throws where the run was taken over.
   */
  awaitReport(id: string, withinMs: number): Promise<AwaitedReport>;
}

export interface CheckContext extends AnyContext {
  /**
   * Set while an applied remedy is being verified: the moment at which it was applied. A check of a state looks at the
   * present state. A check whose findings accrue asks for what was due by that moment and is still there, because the
   * remedy could not have removed what came due later.
   */
  since: Date | null;
}

/** A check of a state: how things are now. A check of events in a window is an `EventCheck`. */
export interface Check<Config> {
  /** unique within the bot; part of every finding's identity */
  name: string;
  /** the question that it answers, for people */
  title: string;
  events?: undefined;
  /**
   * The findings come back by themselves, as expired sessions do: only the verification decides whether a heal held.
   */
  accruing?: boolean;
  /**
   * Of a check that is told of changes: for how many seconds after a cure it is asked about it. A cure about which it has heard
   * nothing by then is undecided.
   */
  judgeWithinSeconds?: number;
  /** Its results may say what to `remember` for its next run. */
  remembers?: true;
  /** As of a bot, where only some of the bot's checks look outside. */
  looksOutside?: true;
  run(config: Config, context: CheckContext): Promise<CheckResult>;
}

/** Why a check was not to look. kill_switch: the mode allows no call of another system. */
export const skipCauses = ['kill_switch'] as const;
export type SkipCause = (typeof skipCauses)[number];

/** Thrown by {@link CheckContext.skip}. */
export class SkippedCheck extends Error {
  readonly because: SkipCause | undefined;

  constructor(reason: string, because?: SkipCause) {
    super(reason);
    this.because = because;
  }
}

/** Thrown by {@link CheckContext.timeOut}. */
export class TimedOutCheck extends Error {}
