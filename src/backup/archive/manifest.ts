/** What a backup says of itself: `manifest.json`, the last file of its archive, so that a backup without it is not whole. */
import { z } from 'zod';
import { messageOf, RoundsmanError } from '../../ground/errors.ts';
import { DamagedBackupError } from './tar.ts';

const count = z.int().min(0);

const tableSchema = z.object({
  schema: z.string(),
  name: z.string(),
  /** the directory of its parts; all parts in the order of their names are one COPY in the text format */
  directory: z.string(),
  /** the columns, in COPY's order; empty where the table has none */
  columns: z.array(z.string()),
  /** only rows for which this is true: of a table of an extension, those that the extension did not make itself */
  condition: z.string().nullable(),
  /** of a partition: the quoted name of the partitioned table into which its rows are restored */
  root: z.string().optional(),
  parts: count,
  rows: count,
  bytes: count,
  /** of all parts, one after the other */
  sha256: z.string(),
  /** independent of the rows' order (row-sums.ts) */
  sum: z.string(),
});

const referenceSchema = z.object({
  constraint: z.string(),
  schema: z.string(),
  table: z.string(),
  referencedSchema: z.string(),
  referencedTable: z.string(),
  referencedColumns: z.array(z.string()),
  /** a COPY of the keys that rows of the backup name */
  file: z.string(),
  keys: count,
});

export const manifestSchema = z.object({
  format: z.literal('roundsman-backup'),
  version: z.literal(1),
  id: z.string(),
  /** the server's time in the snapshot, ISO 8601 */
  takenAt: z.string(),
  database: z.string(),
  server: z.string(),
  serverMajor: count,
  dumper: z.string(),
  /** arguments of pg_dump beside section and snapshot: proving it dumps the schema with the same ones */
  dumperArguments: z.array(z.string()),
  extensions: z.array(z.string()),
  tables: z.array(tableSchema),
  sequences: count,
  largeObjects: z.object({ objects: count, bytes: count, sum: z.string() }),
  views: z.array(z.string()),
  /** the rows of those of them that the login may read, as they were: they are filled anew, and may then be others */
  viewSums: z.array(z.object({ view: z.string(), rows: count, sum: z.string() })).optional(),
  /** every file beside data and manifest */
  files: z.array(z.object({ name: z.string(), bytes: count, sha256: z.string() })),
  /** foreign keys to tables whose rows are not in the backup */
  references: z.array(referenceSchema),
  /** what the backup does not contain, and why */
  leftOut: z.array(z.object({ object: z.string(), why: z.string() })),
});

export type Manifest = z.infer<typeof manifestSchema>;
export type BackedUpTable = Manifest['tables'][number];
export type Reference = Manifest['references'][number];

/** A later version of Roundsman has made the backup, in a form that this one does not know. */
export class LaterBackupError extends RoundsmanError {}

const latest = manifestSchema.shape.version.value;

const laterSchema = z.object({
  format: z.literal('roundsman-backup'),
  version: z.int().min(latest + 1),
});

/** Throws {@link LaterBackupError}, and {@link DamagedBackupError} for a text that is no manifest. */
export function readManifest(text: string): Manifest {
  try {
    const content: unknown = JSON.parse(text);
    const later = laterSchema.safeParse(content);
    if (later.success)
      throw new LaterBackupError({
        what: 'the backup cannot be read by this version of Roundsman',
        why: `its manifest has version ${later.data.version}, and this one knows version ${latest}`,
        hint: 'use the version of Roundsman that made it, or a later one; `README.txt` in it says how to restore it by hand',
      });
    return manifestSchema.parse(content);
  } catch (error) {
    if (error instanceof LaterBackupError) throw error;
    throw new DamagedBackupError(`its manifest is none: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
