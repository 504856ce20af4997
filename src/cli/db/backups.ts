import { printable } from '../../ground/text.ts';
import { listBackups, type BackupRow } from '../../services/backups/list.ts';
import type { ListOptions } from '../arguments/show-options.ts';
import { list, rowsToRead, type Column } from '../listing/list.ts';
import { withDatabase } from '../session/database.ts';
import { relative, shortId, state, time } from '../terminal/print.ts';
import { bytesInWords } from './bytes.ts';

/** `proven 2h ago`, `not equal`, or why there is nothing to prove. */
function proofOf(row: BackupRow, now: Date): string | null {
  if (row.outcome !== 'success') return row.error_message && printable(row.error_message);
  if (row.proof_error !== null) return `failed: ${printable(row.proof_error)}`;
  return row.proven_at ? `proven ${relative(row.proven_at, now)}` : 'not proven';
}

const placeOf = ({ target, folder, file_name: name, host, removed_at: removed }: BackupRow) => {
  if (target === 'command') return 'a command';
  return removed ? 'removed' : printable(`${host}:${folder}/${name ?? ''}`);
};

const columns = (now: Date): Column<BackupRow>[] => [
  { name: 'id', head: 'Backup', cell: ({ id }) => shortId(id) },
  {
    name: 'began_at',
    head: 'Begun',
    cell: ({ began_at: at }) => relative(at, now),
    cellForPrograms: ({ began_at: at }) => time(at, now),
    sortValue: ({ began_at: at }) => at,
  },
  { name: 'outcome', head: 'Outcome', cell: ({ outcome }) => state(outcome) },
  {
    name: 'bytes',
    head: 'Size',
    cell: ({ bytes }) => bytes && bytesInWords(Number(bytes)),
    cellForPrograms: ({ bytes }) => bytes,
    sortValue: ({ bytes }) => bytes && Number(bytes),
  },
  { name: 'rows', head: 'Rows', cell: ({ rows }) => rows },
  { name: 'proof', head: 'Proof', cell: (row) => proofOf(row, now) },
  { name: 'encrypted', head: 'Encrypted', cell: ({ encrypted }) => (encrypted ? 'yes' : 'no') },
  { name: 'place', head: 'Where', cell: placeOf },
];

/** `db backups` */
export const showBackups = (options: ListOptions & { limit: number }): Promise<void> =>
  withDatabase(async ({ db }) => {
    await list({
      options,
      rows: await listBackups(db, rowsToRead(options)),
      columns: columns(new Date()),
      empty:
        'No backups yet. `npx roundsman settings backup_folder FOLDER` makes one each day, `npx roundsman db backup` one now.',
      dropWhenNarrow: ['encrypted', 'rows', 'bytes'],
    });
  });
