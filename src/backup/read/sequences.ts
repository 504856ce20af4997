/** Where sequences stand. They know no transaction: read after the snapshot was made, they are never behind its rows. */
import pg from 'pg';

interface Sequence {
  quoted: string;
  readable: boolean;
}

const list = `
  SELECT format('%I.%I', n.nspname, c.relname) AS quoted,
         has_schema_privilege(n.oid, 'USAGE') AND has_sequence_privilege(c.oid, 'SELECT') AS readable
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind = 'S' AND c.relpersistence <> 't' AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
  ORDER BY n.nspname, c.relname`;

/** One statement for each sequence that sets it; and the names of those that cannot be read. */
export async function readSequences(
  client: pg.ClientBase,
): Promise<{ statements: string[]; unreadable: string[] }> {
  const { rows } = await client.query<Sequence>(list);
  const statements: string[] = [];
  for (const { quoted } of rows.filter(({ readable }) => readable)) {
    const found = await client.query<{ last_value: string; is_called: boolean }>(
      `SELECT last_value::text, is_called FROM ${quoted}`,
    );
    const { last_value: last, is_called: called } = found.rows[0]!;
    statements.push(`SELECT pg_catalog.setval(${pg.escapeLiteral(quoted)}, ${last}, ${called});`);
  }
  return {
    statements,
    unreadable: rows.filter(({ readable }) => !readable).map(({ quoted }) => quoted),
  };
}
