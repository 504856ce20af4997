/** Checks what the tables depend on: the extension, the two documented functions, schemas, owners. */
import { sql, type Transaction } from 'kysely';

/**
 * The differences that make a comparison of the documented tables impossible: missing rights, or a missing extension for
 * their ids.
 */
export async function surroundings(
  trx: Transaction<any>,
  tables: string[],
  wanted: 'whole' | 'bots' | 'grown',
): Promise<string[]> {
  const { rows } = await sql<{ difference: string }>`
    SELECT format('extension uuid-ossp is in schema %s, documented is extensions (CREATE SCHEMA IF NOT EXISTS extensions; ALTER EXTENSION "uuid-ossp" SET SCHEMA extensions)',
                  nspname) AS difference
    FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace WHERE extname = 'uuid-ossp' AND nspname <> 'extensions' AND ${wanted}::text = 'whole'
    UNION ALL
    SELECT format('schema engine holds %s: Roundsman keeps its own there (ALTER SCHEMA engine RENAME TO own_engine)', min(name))
    FROM (SELECT relname::text AS name FROM pg_class
          WHERE relnamespace = to_regnamespace('engine') AND relname NOT LIKE 'kysely\_migration%'
          UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = to_regnamespace('engine')) own
    HAVING count(*) > 0 AND ${wanted}::text <> 'grown'
    UNION ALL
    SELECT format('schema %s: %s may not create in it (GRANT CREATE ON SCHEMA %1$s TO %2$I)', nspname, current_user)
    FROM pg_namespace WHERE nspname IN ('public', 'private', 'engine')
      AND NOT has_schema_privilege(oid, 'CREATE')
    UNION ALL
    SELECT format('extension uuid-ossp is not there, and this server does not have it (install PostgreSQL''s contrib modules on the server)')
    WHERE NOT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'uuid-ossp') AND ${wanted}::text = 'whole'
    UNION ALL
    SELECT format('database %1$I: %2$s may not create the %3$s in it (GRANT CREATE ON DATABASE %1$I TO %2$s)',
                  current_database(), quote_ident(current_user), string_agg(what, ', '))
    FROM (SELECT 'schema ' || name AS what FROM unnest('{extensions,auth,engine,private}'::text[]) AS name
          WHERE to_regnamespace(name) IS NULL AND (name <> 'auth' OR ${wanted}::text <> 'bots')
          UNION ALL SELECT 'extension uuid-ossp' WHERE NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'uuid-ossp')) missing
    WHERE NOT has_database_privilege(current_database(), 'CREATE')
    HAVING count(*) > 0
    UNION ALL
    SELECT format('role %1$s is not there, and %2$I may not create roles (as a superuser: CREATE ROLE %1$s NOLOGIN%3$s)',
                  name, current_user, CASE name WHEN 'service_role' THEN ' BYPASSRLS' ELSE '' END)
    FROM unnest('{anon,authenticated,service_role}'::text[]) AS name
    WHERE to_regrole(name) IS NULL
      AND NOT EXISTS (SELECT FROM pg_roles WHERE rolname = current_user AND (rolcreaterole OR rolsuper))
    UNION ALL
    SELECT format('auth.users: %1$I may not refer to it (GRANT REFERENCES ON auth.users TO %1$I)', current_user)
    -- Reads pg_class, because to_regclass needs USAGE on the schema.
    FROM pg_class WHERE relnamespace = to_regnamespace('auth') AND relname = 'users' AND NOT has_table_privilege(oid, 'REFERENCES')
      AND 'profiles' = ANY (${tables})
      AND NOT EXISTS (SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname = 'profiles')
    UNION ALL
    SELECT format('%s: the table belongs to %s (ALTER TABLE %1$s OWNER TO %3$I)', relname, relowner::regrole, current_user)
    FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname = ANY (${tables})
      AND NOT pg_has_role(relowner, 'USAGE')`.execute(trx);
  return rows.map(({ difference }) => difference);
}

/**
 * The document's two functions, each with the table that it belongs to. Header and body are written as `normalised` prints
 * them: in lower case, with single blanks.
 */
const documentedFunctions = [
  {
    signature: 'update_updated_at()',
    table: 'profiles',
    header: ' returns trigger',
    body: 'begin new.updated_at = now(); return new; end',
  },
  {
    signature: 'get_user_credits(uuid)',
    table: 'credits',
    header: 'user_uuid uuid returns integer',
    body: 'select coalesce(sum(amount), 0)::integer from credits where user_id = user_uuid',
  },
];

const makeUpdatedAt =
  "CREATE FUNCTION update_updated_at() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.updated_at = now(); RETURN NEW; END'";

const normalised = (body: string) =>
  body
    .toLowerCase()
    .replaceAll(/\bpublic\./g, '')
    .replaceAll(':=', '=')
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/\s*([(),=:])\s*/g, '$1')
    .replaceAll(/^[\s;]+|[\s;]+$/g, '');

/** Roundsman's functions replace both, so an existing function with one of these names has to be the document's. */
export async function functionDifferences(
  trx: Transaction<any>,
  existingTables: Set<string>,
): Promise<string[]> {
  const found: string[] = [];
  for (const { signature, table, header, body } of documentedFunctions) {
    const { rows } = await sql<{
      header: string;
      body: string;
      owner: string;
      ours: boolean;
      definer: boolean;
      me: string;
    }>`
      SELECT concat(pg_get_function_arguments(oid), ' returns ', pg_get_function_result(oid)) AS header,
             prosrc AS body, prosecdef AS definer, quote_ident(current_user) AS me, proowner::regrole::text AS owner, pg_has_role(proowner, 'USAGE') AS ours
      FROM pg_proc WHERE oid = to_regprocedure(${`public.${signature}`})`.execute(trx);
    const [existing] = rows;
    if (!existing) {
      // The triggers of the tables call this one, so it has to exist. (A migration makes the other one.)
      if (existingTables.has(table) && signature === 'update_updated_at()')
        found.push(`function ${signature} is missing (${makeUpdatedAt})`);
      continue;
    }
    const rename = `ALTER FUNCTION ${signature} RENAME TO own_${signature.replace(/\(.*/, '')}`;
    if (!existingTables.has(table))
      found.push(
        `function ${signature} exists without the table ${table}, to which it belongs (${rename})`,
      );
    else if (existing.header !== header)
      found.push(
        `function ${signature} is (${existing.header.trim()}), documented (${header.trim()}) (${rename})`,
      );
    else if (normalised(existing.body) !== normalised(body))
      found.push(
        `function ${signature} differs from the documented one, and would be replaced (${rename})`,
      );
    else if (existing.definer)
      found.push(
        `function ${signature} runs as its owner, and the documented one as its caller (ALTER FUNCTION ${signature} SECURITY INVOKER)`,
      );
    else if (!existing.ours)
      found.push(
        `function ${signature} belongs to ${existing.owner} (as ${existing.owner}: ALTER FUNCTION ${signature} OWNER TO ${existing.me})`,
      );
  }
  return found;
}
