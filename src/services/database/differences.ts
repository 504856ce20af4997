import { SchemaDiffersError, type Difference } from '../../database/migrate/differences.ts';
import { RoundsmanError } from '../../ground/errors.ts';

/** The differences that a refusal of a schema lists, also if it is the cause of this error; undefined for other errors. */
export const differencesIn = (error: unknown): Difference[] | undefined => {
  if (error instanceof SchemaDiffersError) return error.listed;
  return error instanceof RoundsmanError && error.cause ? differencesIn(error.cause) : undefined;
};
