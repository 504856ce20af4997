import { printable } from '../../ground/text.ts';
import { listSilences as read, type ListedSilence } from '../../services/silences/list.ts';
import type { ListOptions } from '../arguments/show-options.ts';
import { list, rowsToRead, type Column } from '../listing/list.ts';
import { withDatabase } from '../session/database.ts';
import { moment, paint, relative, shortId } from '../terminal/print.ts';
import { time } from '../terminal/times.ts';
import { targetOf } from './words.ts';

interface SilencesOptions extends ListOptions {
  all?: true;
  limit: number;
}

const columns = (now: Date): Column<ListedSilence>[] => [
  { name: 'id', head: 'Silence', cell: ({ id }) => shortId(id) },
  { name: 'what', head: 'What', cell: (each) => targetOf(each, each.bots.name) },
  {
    name: 'title',
    head: 'Problem',
    cell: problemInWords,
    cellForPrograms: (silence) => {
      const title = titleOf(silence);
      return title && printable(title);
    },
    sortValue: titleOf,
    hiddenWhenEmpty: true,
  },
  {
    name: 'open_findings',
    head: 'Hides',
    cell: ({ open_findings }) => (open_findings === null ? null : `${open_findings} open`),
    cellForPrograms: ({ open_findings }) => (open_findings === null ? null : String(open_findings)),
  },
  {
    name: 'expires_at',
    head: 'Until',
    cell: (each) => endInWords(each, now),
    cellForPrograms: ({ expires_at }) => expires_at && time(expires_at, now),
  },
  { name: 'owner', head: 'By', cell: ({ owner }) => printable(owner) },
  { name: 'created_at', head: 'Since', cell: ({ created_at }) => relative(created_at, now) },
  { name: 'reason', head: 'Why', cell: ({ reason }) => printable(reason) },
  {
    name: 'until_resolved',
    head: 'Until resolved',
    cell: ({ until_resolved }) => String(until_resolved),
    onlyForPrograms: true,
  },
  {
    name: 'ended_at',
    head: 'Ended',
    cell: ({ ended_at }) => ended_at && time(ended_at, now),
    onlyForPrograms: true,
  },
];

export const listSilences = (options: SilencesOptions): Promise<void> =>
  withDatabase(async ({ db }) => {
    const { all = false } = options;
    const { silences, now, count } = await read(db, { all, limit: rowsToRead(options) });
    await list({
      options,
      rows: silences,
      columns: columns(now),
      count,
      empty: all ? 'Nothing was ever silenced.' : 'Nothing is silenced.',
      dropWhenNarrow: ['created_at', 'owner'],
      neverCut: ['reason'],
    });
  });

/** What the problem is called whose fingerprint a silence names; null where it names none, or nothing is known of it. */
const titleOf = ({ bot_tickets, bot_findings }: ListedSilence): string | null =>
  (bot_tickets ?? bot_findings)?.title ?? null;

/** `T-42 It answers no request` */
function problemInWords(silence: ListedSilence): string | null {
  const title = titleOf(silence);
  const number = silence.bot_tickets && `T-${silence.bot_tickets.number} `;
  return title === null ? null : `${number ?? ''}${printable(title)}`;
}

/** `resolved`, `in 2h`, `ended 3h ago` */
function endInWords(silence: ListedSilence, now: Date): string {
  const { ended_at, until_resolved, expires_at } = silence;
  if (ended_at) return paint('dim', `ended ${relative(ended_at, now)}`);
  if (until_resolved) return 'resolved';
  if (expires_at! <= now) return paint('dim', `over ${relative(expires_at, now)}`);
  return moment(expires_at, now)!;
}
