import type pg from 'pg';

/** An index or a foreign key: the statements that drop it and make it again. */
interface Part {
  away: string;
  back: string;
}

/**
 * The parts that can be created again exactly as they were. Indexes behind a constraint stay, and so do indexes with
 * marks that their definition does not show. Foreign keys into other schemas stay too, because this role may not lock
 * those tables.
 */
async function partsOf(client: pg.PoolClient, table: string): Promise<Part[]> {
  const { rows } = await client.query<Part>(
    `SELECT format('DROP INDEX %s', indexrelid::regclass) AS away, pg_get_indexdef(indexrelid) AS back
     FROM pg_index i
     WHERE indrelid = $1::regclass AND indisvalid AND NOT indisclustered AND NOT indisreplident
       AND obj_description(indexrelid, 'pg_class') IS NULL
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
 * Fills a table after dropping its secondary indexes and foreign keys, then makes them again: to sort and check all
 * rows at once costs a fraction of doing it row by row. Any owner of the table may do this. Only inside a
 * transaction, which has to fail if this fails; until it ends, no other session can read the table or the tables that
 * it refers to.
 */
export async function fillBare(
  client: pg.PoolClient,
  table: string,
  fill: () => Promise<void>,
  onPart: () => void = () => {},
): Promise<void> {
  const parts = await partsOf(client, table);
  for (const { away } of parts) await client.query(away);
  await fill();
  for (const { back } of parts) {
    onPart();
    await client.query(back);
  }
}
