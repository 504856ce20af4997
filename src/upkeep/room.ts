/** How much room the disk has on which an index lies, where that can be known. */
import { readFile, statfs } from 'node:fs/promises';
import type { Socket } from 'node:net';
import type { Index } from './index-sizes.ts';
import type { Sessions } from './sessions.ts';

/** Bytes that are free, or why that is not known. */
export type Room = { free: number } | { unknown: string };

/**
 * SQL does not say how much room a server's disk has. Where the server runs on this host, the host says it: the folder of the index's
 * tablespace, else of the data, is asked. That it is the same host is shown by the process of this session: its title names the port
 * from which this process has connected.
 */
export async function roomFor({ worker }: Sessions, { schema, index }: Index): Promise<Room> {
  const { rows } = await worker.query<{ pid: number; folder: string | null }>(
    `SELECT pg_backend_pid() AS pid, coalesce(nullif(pg_tablespace_location(coalesce(nullif(i.reltablespace, 0), d.dattablespace)), ''),
        CASE WHEN pg_has_role(session_user, 'pg_read_all_settings', 'USAGE') THEN current_setting('data_directory', true) END) AS folder
     FROM pg_database d, pg_class i JOIN pg_namespace n ON n.oid = i.relnamespace
     WHERE d.datname = current_database() AND n.nspname = $1 AND i.relname = $2`,
    [schema, index],
  );
  const [found] = rows;
  if (!found?.folder)
    return {
      unknown: 'the server does not say where it stores its data (GRANT pg_read_all_settings)',
    };
  const { localPort } = (worker as unknown as { connection: { stream: Socket } }).connection.stream;
  if (!(await isHere(found.pid, localPort)))
    return { unknown: 'the server does not run on the host of this worker' };
  try {
    const { bavail, bsize } = await statfs(found.folder);
    return { free: bavail * bsize };
  } catch (error) {
    return {
      unknown: `the folder of the server cannot be asked (${(error as NodeJS.ErrnoException).code})`,
    };
  }
}

/** Whether this process of this host is the session of the connection with this local port. */
async function isHere(pid: number, port: number | undefined): Promise<boolean> {
  const title = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return port !== undefined && title.startsWith('postgres') && title.includes(`(${port})`);
}
