import { RoundsmanError } from '../../ground/errors.ts';

/** Tables that exist differ from the documented ones, so they cannot be adopted. Nothing was changed. */
export class SchemaDiffersError extends RoundsmanError {
  readonly differences: string[];

  constructor(differences: string[]) {
    super({
      what: 'this database cannot be taken over as it is',
      why: `it differs from what Roundsman can take over in ${differences.length} ${differences.length === 1 ? 'place' : 'places'}: ${differences.join('; ')}`,
      hint: 'change these in the database (docs/schema.md says why each matters), or point DATABASE_URL at another one; nothing was changed',
    });
    this.differences = differences;
  }
}

/** One migration: the file's name without `.sql`, and its text. */
export interface MigrationFile {
  name: string;
  text: string;
}

/** The files of the documented tables, and the engine's files that follow them. */
export interface MigrationFiles {
  documented: MigrationFile[];
  engine: MigrationFile[];
}

/** The table that a documented migration makes: `v1_10_profiles` makes `profiles`. */
export const tableOf = (name: string): string => name.replace(/^v\d_\d+_/, '');

/** The schema in which the documented tables are made for the comparison; the transaction is always rolled back. */
export const scratch = 'roundsman_expected';

/** A definition without schema names. */
export const bare = (text: string): string =>
  text.replaceAll(/\b(public|roundsman_expected|extensions)\./g, '');

// The document uses these names twice; which table got the index depends on which file was run first.
export const doubledIndexes = [
  'idx_usage_user',
  'idx_javari_usage_user',
  'idx_sessions_user',
  'idx_game_sessions_user',
];
