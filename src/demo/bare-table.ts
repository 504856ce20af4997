import type pg from 'pg';

/** An index or a foreign key: the statements that take it away and put it back. */
interface Part {
  away: string;
  back: string;
}

/**
 * What can come back as it was. Indexes behind a constraint stay, and so do those with marks that their
 * definition does not tell; so do foreign keys into other schemas, whose tables are not ours to lock.
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
 * Fills a table while its secondary indexes and foreign keys are away, and puts them back as they were:
 * all rows at once are sorted and checked for a fraction of what they cost one by one. Any owner of the
 * table may. Only inside a transaction, which has to fail if this does; until it ends no other session can
 * read the table or those that it refers to.
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
