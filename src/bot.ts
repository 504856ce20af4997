/**
 * The contract between the engine and the catalogue (bots/): all that a bot file imports.
 *
 * A bot is config in, plain results out. Nothing that crosses this line may be anything that
 * structured clone cannot carry, so that checks and remedies can run in another process.
 */
import type { Kysely } from 'kysely';
import type { z } from 'zod';
import type { Database } from './database/connect.ts';

export { sql } from 'kysely';
export { z } from 'zod';
export { OutboundError, request, type OutboundAnswer } from './outbound/request.ts';
export { beginsWithReference, filledIn } from './ground/secret-reference.ts';

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

/** What every check is given. */
interface AnyContext {
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

/** A check of a state: how things are now. What looks at events of a window is an {@link EventCheck}. */
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

/**
 * What an event check is given. It counts the events of each key from `from` on, or from the key's own start, and
 * until `now`, both included; what happened before counts for nothing in this run: a cure, an undo or a person lies
 * in between, and the engine compares what came before with what came after.
 */
export interface EventContext extends AnyContext {
  /** the beginning of the window; it may lie further back where single keys are judged since their cure */
  from: Date;
  /** later starts of single keys; one may lie in the future, while a cure is taking effect */
  starts: readonly { key: string; from: Date }[];
  /** the keys to look at; null: every key */
  only: readonly string[] | null;
}

/** What an event check counted for one key, from that key's start until now. */
export interface Tally {
  key: string;
  /** events that speak against the key */
  bad: number;
  /** all events, the bad ones included; null where good ones leave no trace, as of errors in a log */
  of: number | null;
  /** null exactly when `bad` is 0 */
  newestBadAt: Date | null;
}

export interface EventResult extends CheckResult {
  /**
   * One for each reported key, for each of `starts` and for each of `only`; a key without any event has a tally of
   * zeros. Keys tell the findings of an event check apart: no two findings of a result share one.
   */
  tallies: Tally[];
}

/** A check of events in a window, as of requests that failed in the last hour. It counts; the engine judges. */
export interface EventCheck<Config> extends Pick<Check<Config>, 'name' | 'title'> {
  events: true;
  /** how far back it looks, in seconds, above 0 */
  windowSeconds(config: Config): number;
  run(config: Config, context: EventContext): Promise<EventResult>;
}

export type AnyCheck<Config> = Check<Config> | EventCheck<Config>;

/** An entry of `bot_knowledge` that the catalogue brings along. */
export interface KnowledgeSeed {
  /** unique; lower case, digits, dots and dashes */
  name: string;
  category: string;
  /** RE2 syntax, matched case-insensitively over title, description and component */
  pattern: string;
  /** prose, or a playbook in YAML (docs/remedies.md) */
  solution: string;
  autonomy: 'shadow' | 'suggest' | 'auto';
}

export interface Bot<Config = unknown> {
  /** bots.name; the endpoint is `/api/bots/<name>` */
  name: string;
  displayName: string;
  description: string;
  /** five cron fields, the default for `schedule_cron` */
  schedule: string;
  timeoutSeconds?: number;
  /** The schema of bots.config; `{}` must fit it, so give every setting a default. */
  config: z.ZodType<Config>;
  /**
   * Components, of whatever bot, that a component cannot work without. While one of them has an open finding,
   * what is found about the component is recorded and left alone: no ticket, no cure. A bot's own setting
   * `depends_on` says more of the same kind.
   */
  dependsOn?: Record<string, string[]>;
  checks: AnyCheck<Config>[];
  knowledge?: KnowledgeSeed[];
}

/** The finding that a remedy is applied to. */
export interface Target {
  fingerprint: string;
  component: string;
  key: string;
  metadata: Record<string, unknown>;
}

export interface RemedyContext {
  /**
   * The transaction that also records the outcome: the effect and its record commit together or not at
   * all. For a remedy with {@link Remedy.outside}: connections, each statement commits by itself.
   */
  db: Kysely<Database>;
  target: Target;
  now: Date;
  /**
   * The same in every attempt at this application and in no other one: handed on to whoever takes an
   * idempotency key, a repeated request counts once.
   */
  key: string;
  /**
   * The value of a secret that the parameters refer to (`{{secret:NAME}}`), for a remedy with {@link Remedy.secrets};
   * fill it in at the last moment ({@link filledIn}). Wherever it appears in what the remedy returns or throws, the
   * reference stands in its place again. Throws for any other name.
   */
  secret(name: string): string;
  /** Aborted at the run's deadline, when the run is cancelled or was taken over, and by the kill switch. */
  signal: AbortSignal;
}

export interface UndoContext extends RemedyContext {
  /** {@link Evidence.before} and {@link Evidence.after} of the application that is to be undone, as JSON. */
  before: unknown;
  after: unknown;
}

/** What a remedy did: plain JSON, kept in `bot_actions.evidence`. */
export interface Evidence {
  /** one sentence for a person: "deleted 214 sessions" */
  summary: string;
  before: unknown;
  after: unknown;
}

/** safe: idempotent and harmless if useless; reversible: has an undo; irreversible: always asks */
export type Risk = 'safe' | 'reversible' | 'irreversible';

/**
 * A remedy does one thing. By default its effect is inside our database: it runs in the transaction that
 * records it, so a crash leaves both or neither.
 */
export interface Remedy<Params = unknown> {
  /** `noun.verb`; what a playbook names */
  name: string;
  title: string;
  /** A function where it depends on the parameters: what can be undone only if an undo was named. */
  risk: Risk | ((params: Params) => Risk);
  params: z.ZodType<Params>;
  /**
   * The effect cannot run in the recording transaction (a request to another system, VACUUM). Its intent
   * is committed first, its outcome afterwards; a crash between them leaves the question to {@link isDone}.
   */
  outside?: true;
  /**
   * Its parameters may refer to secrets, which it fills in itself. It may not write a value where others can read it;
   * a playbook that refers to a secret in a step of any other remedy is refused.
   */
  secrets?: true;
  /**
   * Whether there is nothing left to do; null when it cannot tell. Asked before an interrupted application
   * is repeated. Of a remedy outside, false has to be certain, because it is applied again then: neither
   * done nor still under way. On null, or when this throws, it is not repeated and a person decides; after an error
   * of the database it is asked again.
   */
  isDone(params: Params, context: RemedyContext): Promise<boolean | null>;
  /**
   * Throws {@link NotAppliedError} when it is certain that nothing was done. With an error of the database as its
   * `cause` the remedy is not to blame: it is tried again.
   */
  apply(params: Params, context: RemedyContext): Promise<Evidence>;
  /**
   * Takes the effect back; throws {@link NotAppliedError} when it may not, because others changed it since.
   * Where a remedy outside throws anything else, nobody knows whether it was taken back: it is not repeated.
   */
  undo?(params: Params, context: UndoContext): Promise<Evidence>;
}

/** Nothing was done, and that is certain. What anything else leaves behind outside is unknown at first. */
export class NotAppliedError extends Error {
  override readonly name = 'NotAppliedError';
}

/** A secret does not fit where its reference stands: nothing was done, and the remedy is not to blame. */
export class UnfitSecretError extends NotAppliedError {}

/** Thrown by {@link CheckContext.skip}. */
export class SkippedCheck extends Error {}

/** Keeps a bot's own config type inside its file. */
export const defineBot = <Config>(bot: Bot<Config>): Bot => bot as Bot;

/** Keeps a remedy's own parameter type inside its file. */
export const defineRemedy = <Params>(remedy: Remedy<Params>): Remedy => remedy as Remedy;
