/**
 * Who changes a definition, and from where: settings of the transaction, which the triggers of the definitions read
 * (engine.change_context). A change of a transaction without them is by the role that is in force.
 */
import { sql, type Transaction } from 'kysely';
import type { Database } from '../connect.ts';

/** From where a change comes, as `engine.definition_changes.source` has it. Triggers write `catalogue` and `sql` by themselves. */
export type ChangeSource = 'command' | 'apply' | 'application' | 'engine' | 'migration';

export interface ChangeContext {
  /** the name of the person, or `roundsman` */
  actor: string;
  source: ChangeSource;
  /** the command, the set and the file, or the migration */
  place?: string | null | undefined;
  why?: string | null | undefined;
}

/** Holds until the end of the transaction, or until it is said again. The texts have to be storable. */
export async function noteContext(
  trx: Transaction<Database>,
  { actor, source, place, why }: ChangeContext,
): Promise<void> {
  await sql`
    SELECT set_config('engine.change_actor', ${actor}, true), set_config('engine.change_source', ${source}, true),
           set_config('engine.change_place', ${place ?? ''}, true), set_config('engine.change_why', ${why ?? ''}, true)`.execute(
    trx,
  );
}
