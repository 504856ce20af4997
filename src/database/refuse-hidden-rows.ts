import { connect, type Db } from './connect.ts';
import { hasReader, hiddenFrom } from './reader.ts';
import { RoundsmanError } from '../ground/errors.ts';
import { sql } from 'kysely';

/** Row level security would hide rows from the role with which checks read. */
export class HiddenRowsError extends RoundsmanError {}

/** The most tables that a message names. */
const maxNamed = 5;

/**
 * Makes sure that checks see all rows that this process sees. With `open`, it first grants the reader access to
 * tables that were made after the last migration, where this login owns them. Throws {@link HiddenRowsError} with
 * the tables that stay hidden. Returns true when checks read as roundsman_reader, false when they read as this login.
 */
export async function refuseHiddenRows(
  db: Db,
  databaseUrl: string,
  { open }: { open: boolean },
): Promise<boolean> {
  if (!(await hasReader(db))) return false;
  const reader = connect(databaseUrl, { name: 'roundsman', max: 1, readOnly: true });
  try {
    let hidden = await hiddenFrom(reader, db);
    if (open && hidden.length > 0) {
      await sql`SELECT engine.let_checks_read()`.execute(db).catch(() => {});
      hidden = await hiddenFrom(reader, db);
    }
    if (hidden.length === 0) return true;
    const named = hidden.slice(0, maxNamed).join(', ');
    const more = hidden.length > maxNamed ? ` and ${hidden.length - maxNamed} more` : '';
    throw new HiddenRowsError({
      what: 'checks would not see all rows',
      why: `row level security hides rows of ${named}${more} from roundsman_reader, the role with which checks read`,
      hint: 'as the owner of these tables: SELECT engine.let_checks_read(), or a SELECT policy for roundsman_reader on each',
    });
  } finally {
    await reader.destroy();
  }
}
