import { RoundsmanError } from '../../ground/errors.ts';
import { counted } from '../../ground/text.ts';

/** One difference, and what mends it: a statement where one is enough, words where a person has to decide. */
export interface Difference {
  difference: string;
  mend: string | null;
}

/**
 * Tables that exist differ from the documented ones, or something has a name that Roundsman needs. Nothing was changed.
 * `differences` has all of them, each with its mend between parentheses at its end; `listed` has the two apart.
 */
export class SchemaDiffersError extends RoundsmanError {
  readonly differences: string[];
  readonly listed: Difference[];

  constructor(differences: string[], hint: string, { isUpgrade = false } = {}) {
    const places = `${counted(differences.length, 'place')}: ${differences.join('; ')}`;
    super({
      what: `this database cannot be ${isUpgrade ? 'migrated further' : 'taken over'} as it is`,
      why: isUpgrade
        ? `something stands in the way of pending migrations in ${places}`
        : `it differs from what Roundsman can take over in ${places}`,
      reasons: differences,
      hint,
    });
    this.differences = differences;
    this.listed = differences.map(splitMend);
  }
}

/**
 * Takes a difference and its mend apart. The mend stands between the last parentheses, which may contain others; null
 * where the text does not end with a parenthesis.
 */
function splitMend(text: string): Difference {
  let open = 0;
  for (let index = text.length - 1; text.endsWith(')') && index > 0; index--) {
    if (text[index] === ')') open += 1;
    if (text[index] === '(') open -= 1;
    if (open === 0)
      return { difference: text.slice(0, index).trimEnd(), mend: text.slice(index + 1, -1) };
  }
  return { difference: text, mend: null };
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

/** A definition without the names of the schemas public, extensions and {@link scratch}. */
export const withoutSchemas = (text: string): string =>
  text.replaceAll(/\b(public|roundsman_expected|extensions)\./g, '');

// The document uses these names twice; which table got the index depends on which file was run first.
export const doubledIndexes = [
  'idx_usage_user',
  'idx_javari_usage_user',
  'idx_sessions_user',
  'idx_game_sessions_user',
];
