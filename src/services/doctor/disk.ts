import { stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { sql } from 'kysely';
import { readBackupSettings } from '../backups/target.ts';
import { fail, ok, warn, type Diagnosis } from './diagnosis.ts';
import type { Look } from './look.ts';

const mb = 1024 ** 2;
/** Below either, a warning; a server that cannot write its log stops. */
const [tightPercent, tightMb, fullMb] = [10, 2048, 256];

/** How much room is left where this host stores something: the server's data if it runs here, backups, and ROUNDSMAN_HOME. */
export const examineDisk: Look = async ({ db, config, connection }) => {
  const folders: [string, string][] = [
    ...(connection.dataFolder
      ? [["the server's data", connection.dataFolder] as [string, string]]
      : []),
    ...(await backupFolder(db)),
    ['ROUNDSMAN_HOME', config.home],
  ];
  const found: Diagnosis[] = [];
  const seen = new Set<number>();
  for (const [what, folder] of folders) {
    const room = await roomIn(folder);
    // Folders on one disk are one diagnosis, the first of them.
    if (!room || seen.has(room.device)) continue;
    seen.add(room.device);
    found.push(diagnose(what, folder, room));
  }
  if (!connection.dataFolder)
    found.push(
      ok(
        'Disk',
        'where the server stores its data cannot be seen from here; `npx roundsman bots show sentinel-db` watches its growth',
      ),
    );
  return found;
};

async function backupFolder(db: Parameters<Look>[0]['db']): Promise<[string, string][]> {
  const { rows } = await sql<{ there: boolean }>`
    SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                   WHERE n.nspname = 'engine' AND c.relname = 'settings' AND has_schema_privilege(n.oid, 'USAGE')
                     AND has_table_privilege(c.oid, 'SELECT')) AS there`.execute(db);
  if (!rows[0]!.there) return [];
  const { folder } = await readBackupSettings(db);
  return folder === null ? [] : [['backups', folder]];
}

interface Room {
  /** which disk it is */
  device: number;
  free: number;
  all: number;
}

/** The room of the nearest folder that exists; null where it cannot be asked. */
async function roomIn(folder: string): Promise<Room | null> {
  try {
    const { bavail, blocks, bsize } = await statfs(folder);
    return { device: (await stat(folder)).dev, free: bavail * bsize, all: blocks * bsize };
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return isMissing && dirname(folder) !== folder ? roomIn(dirname(folder)) : null;
  }
}

function diagnose(what: string, folder: string, { free, all }: Room): Diagnosis {
  const percent = Math.floor((100 * free) / Math.max(1, all));
  const detail = `${Math.floor(free / mb).toLocaleString('en')} MB (${percent} %) are free for ${what}, in ${folder}`;
  if (free > fullMb * mb && (percent >= tightPercent || free > tightMb * mb))
    return ok('Disk', detail);
  return (free > fullMb * mb ? warn : fail)(
    'Disk',
    detail,
    'free some room there, or give it more; `npx roundsman retention preview` says which rows may go, and `npx roundsman db backups` which backups there are',
  );
}
