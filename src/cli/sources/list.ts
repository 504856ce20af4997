import { printable } from '../../ground/text.ts';
import { listSources as read, type ListedSource } from '../../services/sources/read.ts';
import type { ListOptions } from '../arguments/show-options.ts';
import { list, type Column } from '../listing/list.ts';
import { withDatabase } from '../session/database.ts';
import { paint, relative } from '../terminal/print.ts';

const columns = (now: Date): Column<ListedSource>[] => [
  { name: 'name', head: 'Source', cell: ({ name }) => printable(name) },
  { name: 'kind', head: 'Kind', cell: ({ kind }) => kind },
  { name: 'status', head: 'Bot', cell: ({ status }) => status },
  {
    name: 'problem',
    head: 'Taken',
    cell: ({ problem, lacks }) =>
      problem !== null
        ? paint('red', `no: ${printable(problem)}`)
        : lacks.length > 0
          ? paint('yellow', `yes, but ${printable(lacks.join('; '))}`)
          : 'yes',
    cellForPrograms: ({ problem }) => problem && printable(problem),
  },
  { name: 'deliveries', head: 'Deliveries', cell: ({ deliveries }) => String(deliveries) },
  { name: 'unread', head: 'Unread', cell: ({ unread }) => String(unread) },
  {
    name: 'last_received_at',
    head: 'Last',
    cell: ({ last_received_at }) => last_received_at && relative(last_received_at, now),
  },
  { name: 'secrets', head: 'Secrets', cell: ({ secrets }) => secrets.map(printable).join(', ') },
  { name: 'url', head: 'Address', cell: ({ url }) => printable(url) },
];

export const listSources = (options: ListOptions): Promise<void> =>
  withDatabase(async ({ db, config }) => {
    const rows = await read(db, config);
    await list<ListedSource>({
      options,
      rows,
      columns: columns(new Date()),
      empty:
        'No source yet. `npx roundsman sources add NAME --kind KIND --secret SECRET` adds one.',
      dropWhenNarrow: ['url', 'secrets'],
    });
  });
