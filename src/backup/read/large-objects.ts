/** Large objects (pg_largeobject), as statements that make them again, with their owners and rights. */
import type pg from 'pg';
import { rowSums } from '../archive/row-sums.ts';

/** Bytes that one statement brings. */
const pieceBytes = 1024 * 1024;

interface LargeObject {
  oid: string;
  owner: string;
  grants: string[];
}

const list = `
  SELECT oid::text, quote_ident(pg_get_userbyid(lomowner)) AS owner,
         ARRAY(SELECT format('GRANT %s ON LARGE OBJECT %s TO %s;', right_.privilege_type, l.oid,
                             CASE right_.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(right_.grantee)) END)
               FROM aclexplode(l.lomacl) AS right_ WHERE right_.grantee <> l.lomowner) AS grants
  FROM pg_largeobject_metadata l WHERE pg_has_role(lomowner, 'USAGE') ORDER BY l.oid`;

export interface LargeObjects {
  objects: number;
  bytes: number;
  sum: string;
}

/** Statements for one piece after the other; returns what all of them were. */
export async function* readLargeObjects(
  client: pg.ClientBase,
): AsyncGenerator<string, LargeObjects> {
  const { rows } = await client.query<LargeObject>(list);
  const sums = rowSums();
  let bytes = 0;
  for (const { oid, owner, grants } of rows) {
    yield [
      `SELECT pg_catalog.lo_create(${oid});`,
      `ALTER LARGE OBJECT ${oid} OWNER TO ${owner};`,
      ...grants,
    ].join('\n');
    for (let offset = 0; ; offset += pieceBytes) {
      const piece = await client.query<{ data: Buffer }>(
        'SELECT lo_get($1::oid, $2::bigint, $3::int) AS data',
        [oid, offset, pieceBytes],
      );
      const { data } = piece.rows[0]!;
      if (data.length === 0) break;
      bytes += data.length;
      const hex = data.toString('hex');
      sums.addWhole(Buffer.from(`${oid} ${offset} ${hex}`));
      yield `SELECT pg_catalog.lo_put(${oid}, ${offset}, '\\x${hex}');`;
    }
  }
  return { objects: rows.length, bytes, sum: sums.result().sum };
}
