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
  /** Applies a step where remedies run; rejects with what went wrong there. */
  effect(effect: Effect): Promise<Date | null>;
  /** tells what has happened */
  emit: Emit;
  /** components that the bot's checks looked at in this run */
  examined: number;
  /** the database's time */
  now(): Date;
  /** how long the run may still take */
  leftMs(): number;
}

/** A row of `bot_actions` that is not at its end. */
export interface Action {
  id: string;
  heal_id: string;
  knowledge_id: string | null;
  step: number;
  applied_at: Date | null;
  /** of one that was applied before: it is not judged earlier */
  verify_after?: Date | null;
}

/** One step to apply, as plain values: it is applied in another process. */
export interface Effect {
  run: Fenced;
  finding: TargetFinding;
  action: Action;
  /** the remedy's name, and its parameters as its schema read them */
  remedy: string;
  params: unknown;
  /** seconds from the application to its verification */
  verifyAfter?: number | null;
  /** Of a remedy outside: only find out whether it was applied, and write that down. */
  ask?: boolean;
  /** The secrets that `params` name; they are opened where it is handed to the process that applies it. */
  secrets?: readonly Opened[];
}
