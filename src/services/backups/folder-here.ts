/** Whether a folder can be the setting `backup_folder`. */
import { hostname } from 'node:os';
import { refuseUnfitFolder } from '../../backup/output/folder.ts';
import { doesWork, listNodes } from '../../data/bots/engine.ts';
import type { Db } from '../../database/connect.ts';
import { UsageError } from '../../ground/errors.ts';

/**
 * Why this host's folder of that path cannot hold backups, where all workers are on other hosts: there it may. Null where it can. Throws
 * UsageError where a worker of this host would write into it, or no worker is alive that knows better.
 */
export async function whyUnfitHere(db: Db, folder: string): Promise<string | null> {
  try {
    await refuseUnfitFolder(folder);
    return null;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const hosts = (await listNodes(db)).filter(doesWork).map(({ host }) => host);
    if (hosts.length === 0 || hosts.includes(hostname())) throw error;
    return error.why;
  }
}
