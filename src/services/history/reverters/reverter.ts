/** What one kind of definition needs to be set back to an earlier version. */
import type { Transaction } from 'kysely';
import type { Catalogue } from '../../../catalogue/catalogue.ts';
import type { Definition } from '../../../data/history/kinds.ts';
import type { Database, Db } from '../../../database/connect.ts';
import { RoundsmanError } from '../../../ground/errors.ts';
import type { Actor } from '../../actor.ts';
import type { NamedDefinition } from '../definition-of.ts';

/** The version cannot be set today; nothing was changed. */
export class RevertRefusedError extends RoundsmanError {}

export interface RevertContext {
  db: Db;
  actor: Actor;
  catalogue: Catalogue;
}

export interface Wanted {
  named: NamedDefinition;
  /** the version that is wanted again */
  version: number;
  /** its columns that the kind sets back; null: it did not exist then */
  definition: Definition | null;
  /** the same columns as they are now; null: it does not exist now */
  present: Definition | null;
}

export interface Reverter {
  /** the columns that are set back; null: all of them. The others have commands of their own */
  columns: readonly string[] | null;
  /** the command that sets one of the others */
  otherCommands?: Record<string, string>;
  /**
   * Checks the version as if it were new today, and says in sentences what would follow. Throws what the change itself would throw,
   * and {@link RevertRefusedError}. Writes nothing that stays.
   */
  consequences(context: RevertContext, wanted: Wanted): Promise<string[]>;
  /** Makes the change, as the command of the kind does. */
  write(context: RevertContext & { db: Transaction<Database> }, wanted: Wanted): Promise<unknown>;
}

/** Refuses to set back to a time at which there was none. */
export const refuseAbsent = ({ named, version }: Wanted, hint: string): RevertRefusedError =>
  new RevertRefusedError({
    what: `${named.name} was not set back to version ${version}`,
    why: 'it did not exist then',
    hint,
  });
