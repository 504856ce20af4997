/** What a database holds, and what of it this login can read whole. */
import type pg from 'pg';
import { RoundsmanError } from '../../ground/errors.ts';

/** The login would read fewer rows than there are: a backup without them must not look like one with all. */
export class HiddenFromBackupError extends RoundsmanError {}

export interface TableToRead {
  schema: string;
  name: string;
  columns: string[];
  /** see the manifest; null for all rows */
  condition: string | null;
  /** of a partition: the quoted name of the partitioned table at the top */
  root?: string | undefined;
}

export interface LeftOut {
  object: string;
  why: string;
}

/** A table that an extension makes, and of which it does not say that it has rows of its users. */
export interface OfExtension {
  quoted: string;
  extension: string;
  /** the login can read all of its rows */
  isWhole: boolean;
}

export interface Inventory {
  tables: TableToRead[];
  ofExtensions: OfExtension[];
  /** quoted names of all that is locked while it is read */
  toLock: string[];
  /** Further arguments of pg_dump. */
  dumperArguments: string[];
  leftOut: LeftOut[];
}

interface Relation {
  schema: string;
  name: string;
  quoted: string;
  kind: 'r' | 'p' | 'f';
  own: boolean;
  readable: boolean;
  hidden: boolean;
  extension: string | null;
  condition: string | null;
  root: string | null;
  columns: string[];
}

/**
 * Schemas of which every row has to be in a backup: the engine's, the platform's, and those of a schema that the login owns.
 * Other ones belong to the provider (Supabase's auth, storage, vault), and what cannot be read of them is named.
 */
const relations = `
  SELECT n.nspname AS schema, c.relname AS name, format('%I.%I', n.nspname, c.relname) AS quoted, c.relkind AS kind,
         n.nspname IN ('public', 'engine', 'bullmq', 'private') OR pg_has_role(n.nspowner, 'USAGE') AS own,
         has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AS readable,
         has_schema_privilege(n.oid, 'USAGE') AND row_security_active(c.oid) AS hidden,
         e.extname AS extension,
         (SELECT e.extcondition[position] FROM generate_subscripts(e.extconfig, 1) AS position
          WHERE e.extconfig[position] = c.oid) AS condition,
         (SELECT format('%I.%I', rn.nspname, r.relname) FROM pg_class r JOIN pg_namespace rn ON rn.oid = r.relnamespace
          WHERE c.relispartition AND r.oid = pg_partition_root(c.oid)) AS root,
         ARRAY(SELECT a.attname::text FROM pg_attribute a
               WHERE a.attrelid = coalesce(CASE WHEN c.relispartition THEN pg_partition_root(c.oid) END, c.oid)
                 AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
               ORDER BY a.attnum) AS columns
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
    AND d.refclassid = 'pg_extension'::regclass
  LEFT JOIN pg_extension e ON e.oid = d.refobjid
  WHERE c.relkind IN ('r', 'p', 'f') AND c.relpersistence <> 't'
    AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
  ORDER BY 1, 2`;

/** Whether this database names the role of this oid. */
const namedHere = (oid: string): string => `EXISTS (
    SELECT FROM pg_shdepend WHERE refclassid = 'pg_authid'::regclass AND refobjid = ${oid}
      AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database()))`;

/** Further kinds of objects that a backup leaves out, where there are any. */
const others = `
  SELECT 'subscription ' || subname AS object, 'its address of another server may hold a password' AS why
  FROM (SELECT (pg_stat_get_subscription(NULL)).subid AS subid) stat JOIN pg_subscription s ON s.oid = stat.subid
  UNION ALL
  SELECT 'tablespaces', 'restored tables are in the default one' FROM pg_class
  WHERE reltablespace <> 0 AND relnamespace NOT IN ('pg_catalog'::regnamespace, 'pg_toast'::regnamespace) HAVING count(*) > 0
  UNION ALL
  SELECT 'large object ' || oid, 'it belongs to another role' FROM pg_largeobject_metadata
  WHERE NOT pg_has_role(lomowner, 'USAGE')
  UNION ALL
  SELECT format('that the partition %I.%I is taken out of its table', n.nspname, c.relname),
         'its DETACH ... CONCURRENTLY was broken off, and a restore has it in the table: DETACH PARTITION ... FINALIZE ends it'
  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE to_jsonb(i) ->> 'inhdetachpending' = 'true'
  UNION ALL
  SELECT 'replication slot ' || slot_name, 'it is a place in the log of this server' FROM pg_replication_slots
  WHERE database = current_database()
  UNION ALL
  SELECT 'prepared transaction ' || gid, 'what it has changed is not committed' FROM pg_prepared_xacts
  WHERE database = current_database()
  UNION ALL
  SELECT 'rights on parameters of the server (GRANT ... ON PARAMETER)', 'they belong to the whole server'
  FROM pg_parameter_acl, aclexplode(paracl) AS parameter WHERE ${namedHere('parameter.grantee')} HAVING count(*) > 0
  UNION ALL
  SELECT 'security labels of roles and of the database', 'their provider is a library of this server'
  FROM pg_shseclabel WHERE (classoid = 'pg_authid'::regclass AND ${namedHere('objoid')})
    OR (classoid = 'pg_database'::regclass AND objoid = (SELECT oid FROM pg_database WHERE datname = current_database()))
  HAVING count(*) > 0`;

const maxNamed = 8;

/** Reads it in the client's transaction. Throws {@link HiddenFromBackupError}. */
export async function takeInventory(client: pg.ClientBase): Promise<Inventory> {
  const { rows } = await client.query<Relation>(relations);
  const subscriptions = await client.query<{ readable: boolean }>(
    `SELECT has_column_privilege('pg_subscription', 'subname', 'SELECT') AS readable`,
  );
  const further = await client.query<LeftOut>(
    subscriptions.rows[0]!.readable ? others : others.slice(others.indexOf("SELECT 'tablespaces'")),
  );
  // What an extension made comes back with it; beside that it may have tables with rows of its users.
  const ofDatabase = rows.filter(
    ({ extension, condition }) => extension === null || condition !== null,
  );
  const isWhole = ({ readable, hidden }: Relation) => readable && !hidden;
  const ofExtensions = rows.flatMap((each): OfExtension[] =>
    each.kind === 'r' && each.extension !== null && each.condition === null
      ? [{ quoted: each.quoted, extension: each.extension, isWhole: isWhole(each) }]
      : [],
  );
  refuseHidden(ofDatabase.filter((each) => each.kind !== 'f' && each.own && !isWhole(each)));
  const tables = ofDatabase.filter((each) => each.kind === 'r' && isWhole(each));
  const unreadable = ofDatabase.filter((each) => each.kind !== 'f' && !each.readable);
  const leftOut = ofDatabase.flatMap((each): LeftOut[] => {
    if (each.kind === 'f')
      return [{ object: each.quoted, why: 'a foreign table: its rows are on another server' }];
    if (!each.readable)
      return [
        { object: each.quoted, why: 'the login may not read it: neither rows nor definition' },
      ];
    if (each.hidden)
      return [
        { object: `rows of ${each.quoted}`, why: 'row level security hides rows from the login' },
      ];
    return [];
  });
  const readableRoots = new Set(
    ofDatabase.filter((each) => each.kind === 'p' && each.readable).map(({ quoted }) => quoted),
  );
  return {
    tables: tables.map(({ schema, name, columns, condition, root }) => ({
      schema,
      name,
      columns,
      ...(root !== null && readableRoots.has(root) && { root }),
      condition: condition === null || condition.trim() === '' ? null : condition,
    })),
    ofExtensions,
    toLock: [
      ...ofDatabase.filter((each) => each.kind !== 'f' && each.readable),
      ...ofExtensions.filter((each) => each.isWhole),
    ].map(({ quoted }) => quoted),
    dumperArguments: [
      '--no-subscriptions',
      '--no-tablespaces',
      ...unreadable.map(
        ({ schema, name }) => `--exclude-table=${literal(schema)}.${literal(name)}`,
      ),
    ],
    leftOut: [...leftOut, ...further.rows],
  };
}

/** A name in a pattern of pg_dump, where it means itself only. */
const literal = (name: string): string => `"${name.replaceAll('"', '""')}"`;

function refuseHidden(tables: readonly Relation[]): void {
  if (tables.length === 0) return;
  const named = tables.slice(0, maxNamed).map(({ quoted }) => quoted);
  const more = tables.length - named.length;
  throw new HiddenFromBackupError({
    what: 'a backup with this login would lose rows',
    why: `it cannot read all rows of ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`,
    hint: 'let DATABASE_URL name the owner of the tables, or, where a table has FORCE ROW LEVEL SECURITY, a login with BYPASSRLS that may read them (as a superuser: ALTER ROLE ... BYPASSRLS)',
  });
}
