import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Db } from '../database/connect.ts';
import type { Emit } from '../events/events.ts';
import type { Fenced } from '../data/bots/fence.ts';
import type { Opened } from '../data/secrets/open.ts';
import type { Recheck, TargetFinding } from './finding/open-finding.ts';

/** What healing needs from the run that it is a part of. */
export interface HealContext {
  db: Db;
  catalogue: Catalogue;
  signal: AbortSignal;
  recheck: Recheck;
  /** Applies a step in the child process in which remedies run, and returns when; rejects with the error from there. */
  effect(effect: Effect): Promise<Date | null>;
  emit: Emit;
  /** the database's time */
  now(): Date;
  /** how long the run may still take */
  leftMs(): number;
}

/** A row of `bot_actions` that has not ended. */
export interface Action {
  id: string;
  heal_id: string;
  knowledge_id: string | null;
  step: number;
  applied_at: Date | null;
  /** of a step that was applied before: the earliest time at which it may be judged */
  verify_after?: Date | null;
}

/** One step to apply, as plain values: another process applies it. */
export interface Effect {
  run: Fenced;
  finding: TargetFinding;
  action: Action;
  /** the remedy's name, and its parameters as its schema read them */
  remedy: string;
  params: unknown;
  /** seconds from the application to its verification */
  verifyAfter?: number | null;
  /** For a remedy outside: only find out whether the step was applied, and record that. */
  ask?: boolean;
  /** The secrets that `params` name; they are opened when the step is given to the child that applies it. */
  secrets?: readonly Opened[];
}
