/**
 * Writes a final state, as a part of SET: the state into its column, and the database's time into `settled_at`, by which
 * the figures of an entry count outcomes. For the transitions that conclude an action or a decision.
 *
 * From: a state that waits for its outcome.
 * To: the final state that is given.
 * By: see the transition that uses it.
 * Locks: see the transition that uses it.
 * Zero rows: see the transition that uses it.
 */
import { sql, type RawBuilder } from 'kysely';
import type { Database } from '../database/connect.ts';

type State = Database['bot_actions']['state'];
type Outcome = NonNullable<Database['bot_decisions']['outcome']>;

export const concludeAs = <Column extends 'state' | 'outcome'>(
  column: Column,
  final: Column extends 'state' ? State : Outcome,
): RawBuilder<unknown> =>
  sql`${sql.raw(column)} = ${sql.lit<string>(final)}, settled_at = engine.now()`;

/** A step of a heal whose outcome this transition has written. */
export interface ConcludedStep {
  /** id of the row of `bot_actions` */
  action: string;
  remedy: string | null;
  component: string | null;
  fingerprint: string | null;
}
