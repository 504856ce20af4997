import { RoundsmanError } from '../../ground/errors.ts';

/** pg_dump could not dump the schema, or there is none that fits the server. */
export class SchemaDumpError extends RoundsmanError {
  constructor(
    why: string,
    hint = 'look at the log of the server; the login of DATABASE_URL has to be able to read all tables',
  ) {
    super({ what: 'the schema could not be dumped', why, hint });
  }
}
