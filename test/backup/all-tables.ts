/** The rows of the platform's tables, byte by byte. */
import { createHash } from 'node:crypto';
import { to as copyTo } from 'pg-copy-streams';
import { connectAlone } from '../../src/database/connect.ts';

export interface TableBytes {
  rows: number;
  bytes: number;
  sha256: string;
}

/** What COPY gives of each table of `public`, in one order of the rows that does not depend on the server. */
export async function tableBytes(url: string): Promise<Record<string, TableBytes>> {
  const client = await connectAlone(url, { name: 'roundsman test', statementTimeoutMs: 0 });
  try {
    await client.query(`SET TimeZone = 'UTC'; SET search_path = pg_catalog`);
    const { rows: tables } = await client.query<{ name: string }>(
      `SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1`,
    );
    const found: Record<string, TableBytes> = {};
    for (const { name } of tables) {
      const hash = createHash('sha256');
      let bytes = 0;
      const copy = client.query(
        copyTo(`COPY (SELECT * FROM public.${name} t ORDER BY t::text COLLATE "C") TO STDOUT`),
      );
      for await (const piece of copy) {
        hash.update(piece as Buffer);
        bytes += (piece as Buffer).length;
      }
      found[name] = { rows: copy.rowCount, bytes, sha256: hash.digest('hex') };
    }
    return found;
  } finally {
    await client.end();
  }
}
