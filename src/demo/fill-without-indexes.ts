import type pg from 'pg';

/** An index or a foreign key: the statements that drop it, and that make it again. */
interface Part {
  drop: string;
  create: string;
}

/**
 * The indexes and foreign keys of a table that can be made again exactly as they were. These are left out:
 * - indexes of a constraint, and indexes with properties that their definition does not show
 * - indexes whose condition contains a list of texts (`IN ('a', 'b')`): PostgreSQL prints it in other words than it was written,
 *   and an index that is made from the printed words has a third form
 * - foreign keys to other schemas, because this role may not lock the tables there
 */
async function partsOf(client: pg.PoolClient, table: string): Promise<Part[]> {
  const { rows } = await client.query<Part>(
    `SELECT format('DROP INDEX %s', indexrelid::regclass) AS drop, pg_get_indexdef(indexrelid) AS create
     FROM pg_index i
     WHERE indrelid = $1::regclass AND indisvalid AND NOT indisclustered AND NOT indisreplident
       AND obj_description(indexrelid, 'pg_class') IS NULL
       AND coalesce(pg_get_expr(indpred, indrelid) NOT LIKE '%::text[]%', true)
       AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
     UNION ALL
     SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname),
       format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(f.oid))
     FROM pg_constraint f JOIN pg_class c ON c.oid = conrelid JOIN pg_class r ON r.oid = confrelid
     WHERE conrelid = $1::regclass AND contype = 'f' AND conparentid = 0
       AND r.relnamespace = c.relnamespace AND obj_description(f.oid, 'pg_constraint') IS NULL`,
    [table],
  );
  return rows;
}

/**
 * Drops the secondary indexes and foreign keys of a table, fills the table, and makes them again: to sort and check all
 * rows at once takes a fraction of the time. The role has to own the table. Call it only inside a
 * transaction, and roll the transaction back if it fails. Until the transaction ends, no other session can read the table
 * or the tables that it refers to.
 */
export async function fillWithoutIndexes(
  client: pg.PoolClient,
  table: string,
  fill: () => Promise<void>,
  onPart: () => void = () => {},
): Promise<void> {
  const parts = await partsOf(client, table);
  for (const { drop } of parts) await client.query(drop);
  await fill();
  for (const { create } of parts) {
    onPart();
    await client.query(create);
  }
}
