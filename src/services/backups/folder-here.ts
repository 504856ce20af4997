/** Whether a folder can be the setting `backup_folder`, and backups in it be proven. */
import { hostname } from 'node:os';
import { refuseUnfitFolder } from '../../backup/output/folder.ts';
import { doesWork, listNodes } from '../../data/bots/engine.ts';
import type { Db } from '../../database/connect.ts';
import { whyUnprovableHere } from '../../backup/restore/prove.ts';
import { UsageError, type Explanation } from '../../ground/errors.ts';

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
    if (await mayWorkHere(db)) throw error;
    return error.why;
  }
}

/** Whether a worker is alive on this host, or none is known at all. */
async function mayWorkHere(db: Db): Promise<boolean> {
  const hosts = (await listNodes(db)).filter(doesWork).map(({ host }) => host);
  return hosts.length === 0 || hosts.includes(hostname());
}

/** Why the daily backup cannot be proven where a worker of this host makes it, and what to do; null where it can, or workers are elsewhere. */
export async function whyUnproven(db: Db): Promise<Explanation | null> {
  const found = whyUnprovableHere();
  return found && (await mayWorkHere(db)) ? found : null;
}
