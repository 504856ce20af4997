import { SchemaDiffersError, type Difference } from '../../database/migrate/differences.ts';
import { RoundsmanError } from '../../ground/errors.ts';

/** What a refusal lists, also where another error tells of it; undefined for any other error. */
export const differencesIn = (error: unknown): Difference[] | undefined => {
  if (error instanceof SchemaDiffersError) return error.listed;
  return error instanceof RoundsmanError && error.cause ? differencesIn(error.cause) : undefined;
};
