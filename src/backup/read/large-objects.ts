/** Large objects (pg_largeobject), as statements that make them again, with their owners, rights and comments. */
import pg from 'pg';
import { rowSums } from '../archive/row-sums.ts';

/** Bytes that one statement brings. */
const pieceBytes = 1024 * 1024;

interface LargeObject {
  oid: string;
  owner: string;
  /** the owner has fewer rights than an owner has by itself */
  limited: boolean;
  comment: string | null;
  grants: string[];
}

/** Rights of the owner that were taken away are written as what is left; a right that the owner has by itself is not written. */
const list = `
  SELECT oid::text, quote_ident(pg_get_userbyid(lomowner)) AS owner, limited,
         ARRAY(SELECT format('GRANT %s ON LARGE OBJECT %s TO %s%s;', right_.privilege_type, l.oid,
                             CASE right_.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(right_.grantee)) END,
                             CASE WHEN right_.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
               FROM aclexplode(l.lomacl) AS right_ WHERE right_.grantee <> l.lomowner OR limited) AS grants,
         obj_description(l.oid, 'pg_largeobject') AS comment
  FROM pg_largeobject_metadata l, LATERAL (
    SELECT lomacl IS NOT NULL AND (SELECT count(DISTINCT own.privilege_type) FROM aclexplode(l.lomacl) AS own
                                   WHERE own.grantee = l.lomowner) < 2 AS limited) AS owners
  WHERE pg_has_role(lomowner, 'USAGE') ORDER BY l.oid`;

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
  for (const { oid, owner, limited, grants, comment } of rows) {
    yield [
      `SELECT pg_catalog.lo_create(${oid});`,
      `ALTER LARGE OBJECT ${oid} OWNER TO ${owner};`,
      ...(limited ? [`REVOKE ALL ON LARGE OBJECT ${oid} FROM ${owner};`] : []),
      ...grants,
      ...(comment === null
        ? []
        : [`COMMENT ON LARGE OBJECT ${oid} IS ${pg.escapeLiteral(comment)};`]),
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
