/** What the engine knows of one kind of definition: how files write it, what the rows say, and which services change them. */
import type { Transaction } from 'kysely';
import type { z } from 'zod';
import type { Catalogue } from '../../../catalogue/catalogue.ts';
import type { DefinitionKind } from '../../../data/history/kinds.ts';
import type { Database, Db } from '../../../database/connect.ts';
import type { Actor } from '../../actor.ts';
import type { LackingTables } from '../../bots/lacking.ts';

/**
 * The fields of a definition in one form, as `export` writes them: durations as `1h30m`, endpoints as the table has them. Two of them
 * are the same exactly if they are deeply equal.
 */
export type Values = Readonly<Record<string, unknown>>;

/** A definition as the rows have it now. */
export interface Present {
  /** of its row; for a definition that has none of its own, its name */
  id: string;
  name: string;
  values: Values;
  /** when it ended by itself: it is history, and is not added again as it was */
  over?: Date;
}

/** Who changes what, in the one transaction of an apply. */
export interface Applying {
  db: Transaction<Database>;
  actor: Actor;
  catalogue: Catalogue;
}

/** What a check of a definition may look at. */
export interface Checking {
  db: Db;
  catalogue: Catalogue;
  lacking: LackingTables;
  /** the names of bots that there are once the plan is carried out */
  bots: ReadonlySet<string>;
}

/** A definition that is added or changed: the fields before, null if it is added; those afterwards; and the names of those that differ. */
export interface Checked {
  name: string;
  before: Values | null;
  after: Values;
  changed: readonly string[];
}

export interface Kind {
  /** as `kind` in files */
  readonly kind: string;
  /** what these definitions are, for a person */
  readonly meaning: string;
  /**
   * `map`: `definitions` is a map of definitions by their names; `values`: the same, and each is one value instead of a map of
   * fields; `document`: it is one definition, and its keys are the fields.
   */
  readonly form: 'map' | 'values' | 'document';
  /** `definitions` of a file */
  readonly schema: z.ZodType;
  /** the fields, in the order in which they are written */
  readonly fields: readonly string[];
  /** fields that a new definition has to have */
  readonly required: readonly string[];
  /** fields that `export` writes only where the file names them already: what the engine changes by itself */
  readonly unasked?: readonly string[];
  /** Whether a field has no effect beside the others, and so is not written unless the file names it. */
  isIdle?(field: string, values: Values): boolean;
  /** Whether a field is no secret, whatever it looks like. */
  isOpen?(name: string, field: string): boolean;
  /** what a field is after `null` */
  defaults(name: string): Values;
  /** all definitions that there are, by name */
  present(db: Db): Promise<Present[]>;
  /** the fields that a file names and that are not null, in the form of {@link Values}. Throws UsageError. */
  read(fields: Values, before: Values | null, name: string): Values;
  /** Throws a RoundsmanError for a definition that cannot be used. Called for what would be added or changed. */
  check(checking: Checking, definition: Checked): Promise<void>;
  /** Why a definition cannot be added or changed any more, as a silence that would be over at once; null if it can. */
  isPast?(values: Values, now: Date): string | null;
  /** Why a person has to agree first; null if no question is asked. */
  asks?(before: Values | null, after: Values): string | null;
  /** The keys of `engine.settings` in which these definitions are: all of them are locked before any other row. */
  settingKeys?(ids: readonly string[]): string[];
  /** Locks these rows; kinds lock theirs in the order of src/services/definitions/kinds/index.ts. */
  lock(trx: Transaction<Database>, ids: readonly string[]): Promise<void>;
  /** Returns the id of the new row. */
  add(applying: Applying, name: string, values: Values): Promise<string>;
  /** `wanted`: all fields that the file names, also those that are the same; `changed`: the names of those that differ. Returns the row's id afterwards. */
  change(
    applying: Applying,
    before: Present,
    wanted: Values,
    changed: readonly string[],
  ): Promise<string>;
  rename?(applying: Applying, before: Present, name: string): Promise<void>;
  remove(applying: Applying, before: Present): Promise<void>;
  /** under which kind its history is, and which column of a row has which field, where they have different names */
  readonly history: {
    readonly kind: DefinitionKind;
    readonly columns?: Readonly<Record<string, string>>;
  };
}
