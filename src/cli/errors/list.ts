import { printable, withCommas } from '../../ground/text.ts';
import {
  listGroups,
  maxUsers,
  type ErrorGroup,
  type ListedGroup,
} from '../../services/error-groups/list.ts';
import type { Moment } from '../../services/bots/backfill.ts';
import type { ListOptions } from '../arguments/show-options.ts';
import { list, rowsToRead, type Column } from '../listing/list.ts';
import { withDatabase } from '../session/database.ts';
import { sparkline } from '../terminal/bars.ts';
import { relative } from '../terminal/print.ts';
import { hasUnicode } from '../terminal/signs.ts';
import { time } from '../terminal/times.ts';

interface ErrorsOptions extends ListOptions {
  type?: string;
  text?: string;
  muted?: true;
  unmuted?: true;
  since?: Moment;
  limit: number;
}

/** The template as a person reads it, or the name that code gave; of a part that was split off, the text that its errors contain. */
export const templateInWords = ({
  kind,
  template,
}: Pick<ErrorGroup, 'kind' | 'template'>): string =>
  kind === 'flood'
    ? 'flood: too many different messages'
    : kind === 'text'
      ? `contains ${JSON.stringify(printable(template))}`
      : kind === 'fingerprint'
        ? `fingerprint ${JSON.stringify(printable(template))}`
        : printable(template) || '(messages without words)';

/** A platform may leave the type of an error empty. */
export const typeInWords = ({ error_type }: Pick<ErrorGroup, 'error_type'>): string =>
  printable(error_type) || '(no type)';

/** `100+` where more are not told apart */
export const usersInWords = (users: number): string =>
  users >= maxUsers ? `${users}+` : String(users);

const columns = (now: Date): Column<ListedGroup>[] => [
  { name: 'id', head: 'Group', cell: ({ id }) => id, sortValue: ({ id }) => Number(id) },
  {
    name: 'errors',
    head: 'Errors',
    cell: ({ errors }) => withCommas(Number(errors)),
    cellForPrograms: ({ errors }) => errors,
    sortValue: ({ errors }) => Number(errors),
  },
  {
    name: 'errors_an_hour',
    head: 'Last 24 h',
    cell: ({ errors_an_hour }) => sparkline(errors_an_hour, hasUnicode()),
    cellForPrograms: ({ errors_an_hour }) => errors_an_hour.join(' '),
    sortValue: ({ errors_an_hour }) => errors_an_hour.reduce((sum, hour) => sum + hour, 0),
  },
  {
    name: 'users',
    head: 'Users',
    cell: ({ users }) => usersInWords(users),
    cellForPrograms: ({ users }) => String(users),
  },
  {
    name: 'error_type',
    head: 'Type',
    cell: typeInWords,
    cellForPrograms: ({ error_type }) => printable(error_type),
  },
  {
    name: 'template',
    head: 'Template',
    cell: templateInWords,
    cellForPrograms: ({ template }) => printable(template),
  },
  {
    name: 'first_seen_at',
    head: 'First',
    cell: ({ first_seen_at }) => relative(first_seen_at, now),
  },
  { name: 'last_seen_at', head: 'Last', cell: ({ last_seen_at }) => relative(last_seen_at, now) },
  {
    name: 'muted_until',
    head: 'Muted until',
    cell: ({ muted_at, muted_until }) =>
      muted_at && (muted_until ? relative(muted_until, now) : 'unmuted'),
    cellForPrograms: ({ muted_until }) => muted_until && time(muted_until, now),
    hiddenWhenEmpty: true,
  },
  {
    name: 'muted_reason',
    head: 'Why',
    cell: ({ muted_reason }) => muted_reason && printable(muted_reason),
    hiddenWhenEmpty: true,
  },
];

export const listErrors = (options: ErrorsOptions): Promise<void> =>
  withDatabase(async ({ db }) => {
    const { type, text, since } = options;
    const muted = options.muted ? true : options.unmuted ? false : undefined;
    const filter = { type, text, muted, since, limit: rowsToRead(options) };
    const { groups, count, now } = await listGroups(db, filter);
    const isNarrowed = [type, text, muted, since].some((given) => given !== undefined);
    await list({
      options,
      rows: groups,
      columns: columns(now),
      count,
      empty: isNarrowed
        ? 'No such group of errors.'
        : 'No errors were counted yet. The job group-errors counts new rows of error_logs each minute while `npx roundsman up` runs.',
      dropWhenNarrow: ['first_seen_at', 'users', 'errors_an_hour', 'error_type'],
    });
  });
