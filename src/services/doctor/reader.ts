import type { Db } from '../../database/connect.ts';
import { readerRole } from '../../database/reader.ts';
import { readerWrites, type ReaderRight } from '../../database/rights/reader-rights.ts';
import { HiddenRowsError, refuseHiddenRows } from '../../database/rights/refuse-hidden-rows.ts';
import { fail, ok, warn, type Diagnosis } from './diagnosis.ts';
import { fixReader } from './fix-reader.ts';

/** The role as which the checks of bots read, and whether rows are hidden from it. */
export async function examineReader(db: Db, url: string): Promise<Diagnosis> {
  try {
    const asReader = await refuseHiddenRows(db, url, { grantFirst: false });
    if (asReader) return diagnoseReader(await readerWrites(db));
  } catch (error) {
    if (!(error instanceof HiddenRowsError)) throw error;
    return { ...fail('Checks', `${error.what}: ${error.why}`, error.hint), fix: fixReader(url) };
  }
  return warn(
    'Checks',
    `read as this login, because it may not become ${readerRole}: only their read-only sessions stop them from writing`,
    `as a superuser: CREATE ROLE ${readerRole}; GRANT ${readerRole} TO the login; then as the owner of the tables: SELECT engine.let_checks_read()`,
  );
}

/** How many rights are named. */
const maxNamed = 5;

function diagnoseReader(writes: ReaderRight[]): Diagnosis {
  if (writes.length === 0)
    return ok('Checks', `read as ${readerRole}, which sees all rows and may write none`);
  const named = writes.slice(0, maxNamed);
  const more = writes.length - named.length;
  return warn(
    'Checks',
    `read as ${readerRole}, which may write all the same, through rights of PUBLIC: ${named
      .map(({ right, on }) => `${right} on ${on}`)
      .join('; ')}${more > 0 ? `; and ${more} more` : ''}`,
    `grant these rights to the roles that need them, then: ${named
      .map(({ right, on }) => `REVOKE ${right} ON ${on} FROM PUBLIC`)
      .join('; ')} (or FROM ${readerRole}, if the rights were granted to it directly)`,
  );
}
