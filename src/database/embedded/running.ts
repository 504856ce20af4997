import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { readOwn } from '../../ground/files/own-file.ts';
import { directoryOf } from './location.ts';
import { passwordFile } from './open-home.ts';
import { findPostmaster } from './postmaster.ts';
import { urlAt } from './server.ts';

/**
 * The address of the embedded database in `home` where it runs now; null where it does not. It takes no share of the server,
 * which may be stopped meanwhile: for a short question whose answer is not needed. Throws what reading its files throws.
 */
export function runningUrl(home: string): string | null {
  const found = findPostmaster(join(directoryOf(realpathSync(home)), 'postgres'));
  if (!found || found.isStopping) return null;
  return urlAt(readOwn(passwordFile(home)).trim(), found.port);
}
