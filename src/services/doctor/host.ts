import { chmodSync, statSync } from 'node:fs';
import type { Config } from '../../config.ts';
import {
  binariesPackage,
  hasBinaries,
  howToInstallBinaries,
} from '../../database/embedded/binaries.ts';
import { isFirstProcessNode, zombieWarning } from '../../ground/first-process.ts';
import { readOwnZone } from '../../ground/own-zone.ts';
import { distrustMaybeMissing } from '../../ground/files/trusted.ts';
import { fail, ok, warn, type Diagnosis, type Fix } from './diagnosis.ts';
import { nameOfServer, serversIn } from '../../ground/addresses/database-hosts.ts';
import { counted } from '../../ground/text.ts';

const oldestNode = 24;

export function examineNode(): Diagnosis {
  const { node } = process.versions;
  return Number(node.split('.')[0]) >= oldestNode
    ? ok('Node', node)
    : fail('Node', `${node} is too old`, `install Node ${oldestNode} or newer`);
}

/** A warning if process 1 is Node, as it may be in a container ({@link zombieWarning}). */
export const examineFirstProcess = (): Diagnosis[] =>
  isFirstProcessNode() ? [warn('Process 1', zombieWarning.what, zombieWarning.hint)] : [];

/** A warning if TZ names no zone, or one that Node does not follow. */
export function examineZone(): Diagnosis[] {
  const { fault } = readOwnZone();
  return fault ? [warn('Time zone', fault.why, fault.hint)] : [];
}

/** The settings in force, without passwords. */
export function examineConfig({ databaseUrl, redisUrl, home, concurrency }: Config): Diagnosis {
  const database = databaseUrl ? `database ${hostOf(databaseUrl)}` : `embedded database in ${home}`;
  const queue = redisUrl ? `queue on Redis ${hostOf(redisUrl)}` : 'queue in the database';
  return ok('Config', `${database}, ${queue}, ${counted(concurrency, 'run')} at once`);
}

function hostOf(url: string): string {
  const { host, pathname } = new URL(url);
  const servers = serversIn(url);
  return `${servers.length > 1 ? servers.map(nameOfServer).join(',') : host}${pathname}`;
}

/** A diagnosis only if ROUNDSMAN_HOME cannot be trusted: `up` writes its log there, with any database. */
export function examineHome({ home }: Config): Diagnosis[] {
  const found = distrustMaybeMissing(home);
  if (!found) return [];
  const failed = fail('Home', found.why, `${found.hint}, or set ROUNDSMAN_HOME to another place`);
  const fix = fixHome(home);
  return [fix ? { ...failed, fix } : failed];
}

/** Takes the right to write from other users, where the directory itself is this user's; null where that is not what is wrong. */
function fixHome(home: string): Fix | null {
  const { uid, mode = 0 } = statSync(home, { throwIfNoEntry: false }) ?? {};
  if (uid === undefined || uid !== process.geteuid?.() || (mode & 0o022) === 0) return null;
  return {
    what: `let only its owner write ${home} (chmod go-w)`,
    apply: async () => {
      chmodSync(home, mode & 0o7755);
      return `only its owner may write ${home} now`;
    },
  };
}

/** The embedded database's programs: with a DATABASE_URL only the demo and proofs of backups need them. */
export function examineBinaries({ databaseUrl }: Config): Diagnosis {
  if (hasBinaries()) return ok('Binaries', `${binariesPackage} is installed`);
  const detail = `${binariesPackage} is not installed`;
  return databaseUrl
    ? warn(
        'Binaries',
        `${detail}; DATABASE_URL is set, so only the demo and proofs of backups need it`,
        howToInstallBinaries,
      )
    : fail('Binaries', detail, `${howToInstallBinaries}, or set DATABASE_URL`);
}
