/**
 * Tables that belong to an extension which does not say that they have rows of its users (pg_extension_config_dump). A dump of the schema
 * leaves them out, because CREATE EXTENSION makes them again; an extension such as pgmq adds tables later, one for each queue.
 */
import type pg from 'pg';
import type { LeftOut, OfExtension } from './inventory.ts';

/** Those that have rows, or that the login cannot read. */
export async function leftOutOfExtensions(
  client: pg.ClientBase,
  tables: readonly OfExtension[],
): Promise<LeftOut[]> {
  const found: LeftOut[] = [];
  for (const { quoted, extension, isWhole } of tables) {
    if (!isWhole) {
      found.push({
        object: quoted,
        why: `it belongs to the extension ${extension}, and the login may not read it`,
      });
      continue;
    }
    const { rows } = await client.query<{ count: string }>(`SELECT count(*) FROM ONLY ${quoted}`);
    const { count } = rows[0]!;
    if (count !== '0')
      found.push({
        object: `${quoted} (${count} ${count === '1' ? 'row' : 'rows'})`,
        why: `it belongs to the extension ${extension}, which does not say that it has rows of its users`,
      });
  }
  return found;
}
