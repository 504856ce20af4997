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
   * The transaction that also records the outcome: the effect and its record commit together or not at all. A remedy
   * with {@link Remedy.outside} gets connections instead, on which each statement commits by itself.
   */
  db: Kysely<Database>;
  target: Target;
  now: Date;
  /**
   * The same in every attempt of this application, and different in every other one: if a receiver gets it as an
   * idempotency key, a repeated request counts once.
   */
  key: string;
  /**
   * The value of a secret that the parameters refer to (`{{secret:NAME}}`), for a remedy with {@link Remedy.secrets};
   * fill it in at the last moment ({@link filledIn}). Wherever the value appears in what the remedy returns or
   * throws, the engine puts the reference back in its place. Throws for any other name.
   */
  secret(name: string): string;
  /** Aborts at the run's deadline, when the run is cancelled or was taken over, and by the kill switch. */
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

/** safe: idempotent, and harmless if useless; reversible: has an undo; irreversible: always asks a person */
export type Risk = 'safe' | 'reversible' | 'irreversible';

/**
 * A remedy does one thing. By default its effect is inside the platform's database: it runs in the transaction that
 * records it, so after a crash there are both or neither.
 */
export interface Remedy<Params = unknown> {
  /** `noun.verb`; what a playbook names */
  name: string;
  title: string;
  /**
   * A function where the risk depends on the parameters: for example, the effect can be undone only if the parameters
   * name an undo.
   */
  risk: Risk | ((params: Params) => Risk);
  params: z.ZodType<Params>;
  /**
   * The effect cannot run in the recording transaction (a request to another system, VACUUM). Its intent is committed
   * before it and its outcome after it; after a crash between them, {@link isDone} has to answer whether it happened.
   */
  outside?: true;
  /**
   * Its parameters may refer to secrets, which the remedy fills in itself. It must not write a value to a place where
   * others can read it. A playbook is refused if a step of any other remedy refers to a secret.
   */
  secrets?: true;
  /**
   * Whether there is nothing left to do; null when it cannot tell. It is called before each application, so also
   * before an interrupted one is repeated. For a remedy with `outside`, false must be certain, neither done nor still
   * under way, because the remedy is then applied again. If it returns null, or throws, the remedy is not repeated
   * and a person decides; but after an error of the database it is called again.
   */
  isDone(params: Params, context: RemedyContext): Promise<boolean | null>;
  /**
   * Throws {@link NotAppliedError} when it is certain that nothing was done. If the error has an error of the
   * database as its `cause`, the remedy is not to blame, and it is tried again.
   */
  apply(params: Params, context: RemedyContext): Promise<Evidence>;
  /**
   * Undoes the effect. Throws {@link NotAppliedError} when it may not, because the result was changed by others since.
   * If a remedy with `outside` throws anything else, it is unknown whether the effect was undone, and the undo is not
   * repeated.
   */
  undo?(params: Params, context: UndoContext): Promise<Evidence>;
}

/** It is certain that nothing was done. After any other error, it is unknown at first whether an effect outside happened. */
export class NotAppliedError extends Error {
  override readonly name = 'NotAppliedError';
}

/** A secret does not fit in the place of its reference: nothing was done, and the remedy is not to blame. */
export class UnfitSecretError extends NotAppliedError {}

/** Keeps a remedy's own parameter type inside its file. */
export const defineRemedy = <Params>(remedy: Remedy<Params>): Remedy => remedy as Remedy;
