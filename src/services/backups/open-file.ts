/** A backup as it lies somewhere: a file, or what a command prints. */
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { identitiesIn } from '../../backup/archive/seal.ts';
import { readFromCommand } from '../../backup/output/command.ts';
import { NotFoundError, UsageError } from '../../ground/errors.ts';

export interface BackupSource {
  read: () => AsyncIterable<Buffer>;
  identities: string[];
}

export interface SourceRequest {
  /** a path, or undefined where a command gives the backup */
  file?: string | undefined;
  command?: string | undefined;
  /** the path of a file with identities of age */
  identity?: string | undefined;
}

/** Throws NotFoundError and UsageError for what cannot be read. Aborting `signal` ends a command that is being read. */
export async function openSource(
  { file, command, identity }: SourceRequest,
  signal: AbortSignal,
): Promise<BackupSource> {
  if ((file === undefined) === (command === undefined))
    throw new UsageError({
      what: 'it is not clear which backup is meant',
      why:
        file === undefined
          ? 'neither a file nor --from-command was given'
          : 'a file and --from-command were given',
      hint: 'give one of them',
    });
  if (file !== undefined && !(await stat(file).catch(() => null))?.isFile())
    throw new NotFoundError({
      what: `there is no backup ${file}`,
      why: 'no regular file has this name on this host',
      hint: '`npx roundsman db backups` lists backups with their folders and hosts',
    });
  const identities = identity === undefined ? [] : await readIdentities(identity);
  const read =
    file !== undefined
      ? () => createReadStream(file) as AsyncIterable<Buffer>
      : () => readFromCommand(command!, signal);
  return { read, identities };
}

async function readIdentities(path: string): Promise<string[]> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new UsageError({
      what: 'the identity cannot be read',
      why: `${path}: ${error.code ?? error.message}`,
      hint: 'name the file that age-keygen wrote',
    });
  });
  return identitiesIn(text, path);
}
