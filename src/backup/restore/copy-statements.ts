/** `tables.json` of an archive: the COPY statement of each directory with rows. */
import { z } from 'zod';
import { messageOf } from '../../ground/errors.ts';
import { DamagedBackupError } from '../archive/tar.ts';

const quoted = '"(?:[^"]|"")+"';
const name = `(?:${quoted}|[a-z_\\u0080-\\uffff][\\w$\\u0080-\\uffff]*)`;

/** COPY could also read files and programs of the server: only rows of the archive come into a table. */
const copy = new RegExp(`^COPY ${name}\\.${name} (?:\\(${quoted}(?:, ${quoted})*\\))? FROM STDIN$`);

const schema = z.array(z.object({ directory: z.string(), copy: z.string().regex(copy) }));

/** By directory. Throws DamagedBackupError for what no backup has. */
export function copyStatementsIn(text: string): Map<string, string> {
  try {
    const all = schema.parse(JSON.parse(text));
    return new Map(all.map(({ directory, copy: statement }) => [directory, statement]));
  } catch (error) {
    throw new DamagedBackupError(`tables.json is not one of a backup: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
