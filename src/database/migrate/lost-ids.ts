/** Documented tables whose ids lost their default: DROP EXTENSION "uuid-ossp" CASCADE takes all of them along. */
import { sql, type Transaction } from 'kysely';

const idDefault = ' DEFAULT uuid_generate_v4()';

/** What makes ids here. `server`: the extension could be installed. */
export type IdMaker = 'there' | 'server' | 'nowhere';

/** Whether `extensions.uuid_generate_v4()` is there. To be asked before the documented tables are made in scratch. */
export async function idMaker(trx: Transaction<any>): Promise<IdMaker> {
  const { rows } = await sql<{ maker: IdMaker }>`
    SELECT CASE WHEN EXISTS (SELECT FROM pg_proc WHERE pronamespace = to_regnamespace('extensions') AND proname = 'uuid_generate_v4')
                THEN 'there'
                WHEN EXISTS (SELECT FROM pg_available_extensions WHERE name = 'uuid-ossp') THEN 'server'
                ELSE 'nowhere' END AS maker`.execute(trx);
  return rows[0]!.maker;
}

/** Whether this id lacks nothing but its default; such a part is then set to the documented one. */
export function takeLostDefault(documented: Map<string, string>, is: Map<string, string>): boolean {
  const id = documented.get('column id');
  if (!id?.endsWith(idDefault) || is.get('column id') !== id.slice(0, -idDefault.length))
    return false;
  is.set('column id', id);
  return true;
}

/** The one difference of all these tables, and what makes the extension where only other mends need it. */
export function lostIds(maker: IdMaker, tables: string[]): string {
  const makes = maker === 'server' ? 'extensions.uuid_generate_v4()' : 'gen_random_uuid()';
  const create =
    maker === 'server'
      ? [
          'CREATE SCHEMA IF NOT EXISTS extensions',
          'CREATE EXTENSION "uuid-ossp" WITH SCHEMA extensions',
        ]
      : [];
  const set = (table: string) => `ALTER TABLE ${table} ALTER id SET DEFAULT ${makes}`;
  const defaults =
    tables.length < 3
      ? tables.map(set)
      : [
          `DO $$ DECLARE name text; BEGIN FOREACH name IN ARRAY '{${tables.join()}}'::text[] LOOP EXECUTE format('${set('%I')}', name); END LOOP; END $$`,
        ];
  const without = `, and the ids of ${tables.length === 1 ? tables[0] : `${tables.length} tables`} have no default`;
  return `extension uuid-ossp is not there${tables.length > 0 ? without : ''} (${[...create, ...defaults].join('; ')})`;
}
