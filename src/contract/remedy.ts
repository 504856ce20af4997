import type { Kysely } from 'kysely';
import type { z } from 'zod';
import type { Database } from '../database/connect.ts';
import type { BotChanges } from './bot-changes.ts';

/** The finding that a remedy is applied to. */
export interface Target {
  fingerprint: string;
  component: string;
  key: string;
  metadata: Record<string, unknown>;
}

export interface RemedyContext extends BotChanges {
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
   * Whether there is nothing left to do; null when it cannot tell. Asked before each application, so also before an
   * interrupted one is repeated. Of a remedy outside, false has to be certain, because it is applied again then: neither
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
   * Where a remedy outside throws anything else, it is not known whether it was taken back, and it is not repeated.
   */
  undo?(params: Params, context: UndoContext): Promise<Evidence>;
}

/** Nothing was done, and that is certain. What anything else leaves behind outside is unknown at first. */
export class NotAppliedError extends Error {
  override readonly name = 'NotAppliedError';
}

/** A secret does not fit where its reference stands: nothing was done, and the remedy is not to blame. */
export class UnfitSecretError extends NotAppliedError {}

/** Keeps a remedy's own parameter type inside its file. */
export const defineRemedy = <Params>(remedy: Remedy<Params>): Remedy => remedy as Remedy;
