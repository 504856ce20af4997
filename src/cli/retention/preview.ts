import { previewRetention, type TablePreview } from '../../services/retention/preview.ts';
import type { ListOptions } from '../arguments/show-options.ts';
import { printable } from '../../ground/text.ts';
import { bytesInWords } from '../db/bytes.ts';
import { list, type Column } from '../listing/list.ts';
import { withDatabase } from '../session/database.ts';
import { relative, time } from '../terminal/print.ts';

const staysInWords = ({ stays }: TablePreview): string | null =>
  stays.length === 0 ? null : stays.map(({ why, rows }) => `${rows}: ${why}`).join('; ');

const columns = (now: Date): Column<TablePreview>[] => [
  { name: 'table', head: 'Table', cell: ({ table }) => table },
  {
    name: 'keep_days',
    head: 'Kept',
    cell: ({ keep_days: days }) => (days === null ? 'for ever' : `${days} days`),
    cellForPrograms: ({ keep_days: days }) => (days === null ? null : String(days)),
    sortValue: ({ keep_days: days }) => days,
  },
  {
    name: 'rows',
    head: 'Would go',
    cell: ({ rows, why_not: why }) => (why === null ? String(rows) : null),
    cellForPrograms: ({ rows }) => String(rows),
    sortValue: ({ rows }) => rows,
  },
  {
    name: 'oldest',
    head: 'Oldest',
    cell: ({ oldest }) => oldest && relative(oldest, now),
    cellForPrograms: ({ oldest }) => oldest && time(oldest, now),
    sortValue: ({ oldest }) => oldest,
  },
  {
    name: 'bytes',
    head: 'About',
    cell: ({ bytes, rows }) => (rows === 0 ? null : bytesInWords(bytes)),
    cellForPrograms: ({ bytes }) => String(bytes),
    sortValue: ({ bytes }) => bytes,
  },
  { name: 'stays', head: 'Old rows that stay', cell: staysInWords },
  {
    name: 'why_not',
    head: 'Cannot be judged',
    cell: ({ why_not: why }) => why && printable(why),
    hiddenWhenEmpty: true,
  },
  { name: 'setting', head: 'Setting', cell: ({ setting }) => setting },
];

/** `retention preview` */
export const showPreview = (options: ListOptions): Promise<void> =>
  withDatabase(async ({ db }) => {
    const { tables, waits } = await previewRetention(db);
    await list({
      options,
      rows: tables,
      columns: columns(new Date()),
      empty: '',
      fields: (table) => ({ ...table, waits }),
      neverCut: ['stays', 'why_not'],
      dropWhenNarrow: ['setting', 'bytes'],
      after: [
        'Rows that stay only for others which go in the same run are counted with those that would go.',
        ...(waits === null ? [] : [`The job removes nothing now: ${waits}.`]),
      ],
    });
  });
