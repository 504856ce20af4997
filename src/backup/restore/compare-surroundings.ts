/** Compares roles, and settings of the database, of a copy in a server of its own with those of the backup. */
import type pg from 'pg';
import { unquoted } from '../read/as-sql.ts';
import { readRoles } from '../read/roles.ts';
import { readSettings } from '../read/surroundings.ts';

const maxShown = 200;

/** One sentence for each statement of the backup that the copy does not give again. Without the texts nothing is compared. */
export async function surroundingsThatDiffer(
  client: pg.ClientBase,
  { roles, settings }: { roles?: string; settings?: string },
): Promise<string[]> {
  const of = async (what: string, expected: readonly string[], found: Promise<string[]>) => {
    const now = new Set(await found);
    return expected
      .filter((statement) => !now.has(statement))
      .map((statement) => `${what} differ: the copy does not have ${statement.slice(0, maxShown)}`);
  };
  const { rows } = await client.query<{ name: string; quoted: string }>(
    'SELECT current_user::text AS name, quote_ident(current_user) AS quoted',
  );
  const [own] = rows as [{ name: string; quoted: string }];
  // The login of the copy was there before, as the superuser of its server.
  const roleIn = (line: string) =>
    / (?:CREATE ROLE|TO) ((?:U&)?"(?:[^"]|"")+"|[^\s;']+)/.exec(line)?.[1];
  const ofOthers = linesOf(roles).filter((line) => roleIn(line) !== own.quoted);
  const others = ofOthers.flatMap((line) => {
    const [, quoted] = / CREATE ROLE ((?:U&)?"(?:[^"]|"")+"|\S+) /.exec(line) ?? [];
    return quoted === undefined ? [] : [unquoted(quoted)];
  });
  // What is taken from the owner of a database is taken from another owner in the copy.
  const lasting = linesOf(settings).filter((line) => !line.includes("format('REVOKE "));
  return [
    ...(await of('roles', ofOthers, readRoles(client, others))),
    ...(await of('settings of the database', lasting, readSettings(client))),
  ];
}

const linesOf = (text: string | undefined): string[] => statementsOf(text ?? '');

/** Each begins on a line of its own; values of settings may have line breaks. */
const statementsOf = (text: string): string[] =>
  text.split(/\n(?=DO \$\w+\$ |GRANT )|\n$/).filter((statement) => statement !== '');
