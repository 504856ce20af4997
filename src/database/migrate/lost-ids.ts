/** Documented tables whose ids lost their default: DROP EXTENSION "uuid-ossp" CASCADE takes all of them along. */
import { sql, type Transaction } from 'kysely';

const idDefault = ' DEFAULT uuid_generate_v4()';

/**
 * What makes ids here. installed: `extensions.uuid_generate_v4()` exists. available: it does not, but the extension could be
 * installed. missing: the server does not have the extension, so `gen_random_uuid()` makes ids.
 */
export type IdMaker = 'installed' | 'available' | 'missing';

/** Finds out what makes ids here. Call it before the documented tables are made in scratch. */
export async function idMaker(trx: Transaction<any>): Promise<IdMaker> {
  const { rows } = await sql<{ maker: IdMaker }>`
    SELECT CASE WHEN EXISTS (SELECT FROM pg_proc WHERE pronamespace = to_regnamespace('extensions') AND proname = 'uuid_generate_v4')
                THEN 'installed'
                WHEN EXISTS (SELECT FROM pg_available_extensions WHERE name = 'uuid-ossp') THEN 'available'
                ELSE 'missing' END AS maker`.execute(trx);
  return rows[0]!.maker;
}

/**
 * Whether this table's id lacks nothing but its default. If so, sets the part in `existing` to the documented one, so that the
 * comparison does not report it once more.
 */
export function takeLostDefault(
  documented: Map<string, string>,
  existing: Map<string, string>,
): boolean {
  const id = documented.get('column id');
  if (!id?.endsWith(idDefault) || existing.get('column id') !== id.slice(0, -idDefault.length))
    return false;
  existing.set('column id', id);
  return true;
}

/**
 * One difference for all these tables together, with the statements that give their ids a default again. Without tables
 * it only says how to make the extension, because other mends need it.
 */
export function lostIds(maker: IdMaker, tables: string[]): string {
  const makes = maker === 'available' ? 'extensions.uuid_generate_v4()' : 'gen_random_uuid()';
  const create =
    maker === 'available'
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
