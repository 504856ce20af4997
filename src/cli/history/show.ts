import { fitting, printable } from '../../ground/text.ts';
import {
  definitionHistory,
  type DefinitionKind,
  type Difference,
  type HistoryEntry,
} from '../../services/history/list.ts';
import type { HistoryOptions } from '../arguments/show-options.ts';
import { list, type Column } from '../listing/list.ts';
import { withDatabase } from '../session/database.ts';
import { relative } from '../terminal/print.ts';
import { originInWords } from './words.ts';

/** How many characters are shown of a value before and after a change. */
const maxShown = 40;

const columns = (now: Date, isOfOne: boolean): Column<HistoryEntry>[] => [
  { name: 'version', head: 'Version', cell: ({ version }) => String(version) },
  { name: 'changed_at', head: 'When', cell: ({ changed_at }) => relative(changed_at, now) },
  {
    name: 'name',
    head: 'Of',
    cell: (entry) => printable(entry.name ?? entry.definition.slice(0, 8)),
    ...(isOfOne && { onlyForPrograms: true as const }),
  },
  {
    name: 'event',
    head: 'What',
    cell: ({ happened }) => happened,
    cellForPrograms: ({ event }) => event,
  },
  {
    name: 'change',
    head: 'Change',
    cell: changeInWords,
    cellForPrograms: ({ before, after }) => JSON.stringify({ before, after }),
  },
  { name: 'actor', head: 'Who', cell: ({ actor }) => printable(actor) },
  {
    name: 'source',
    head: 'From',
    cell: (entry) => originInWords(entry),
    cellForPrograms: ({ source }) => source,
  },
  { name: 'why', head: 'Why', cell: ({ why }) => why && printable(why), hiddenWhenEmpty: true },
  {
    name: 'place',
    head: 'Place',
    cell: ({ place }) => place && printable(place),
    onlyForPrograms: true,
  },
  {
    name: 'database_role',
    head: 'Login',
    cell: ({ database_role }) => printable(database_role),
    onlyForPrograms: true,
  },
];

/** The history of one definition, or of all of its kind. */
export const showHistory = (
  kind: DefinitionKind,
  of: string | undefined,
  options: HistoryOptions,
): Promise<void> =>
  withDatabase(async ({ db }) => {
    const { since, limit } = options;
    const { changes, count, now } = await definitionHistory(db, {
      kind,
      of,
      since,
      limit: limit + 1,
    });
    const isOfOne = of !== undefined || kind === 'policy' || kind === 'notifications';
    await list({
      options,
      rows: changes,
      columns: columns(now, isOfOne),
      count,
      fields: ({ happened: _, sentences: __, differences: ___, ...change }) => change,
      empty: `Nothing was changed since ${since === undefined ? 'the history began' : 'then'}.`,
      dropWhenNarrow: ['why'],
    });
  });

/** `schedule_cron: 0 * * * * -> 5 * * * *`; of a policy, the sentences that went and came. */
function changeInWords({ sentences, differences }: HistoryEntry): string | null {
  const words = [
    ...sentences.removed.map((line) => `- ${printable(line)}`),
    ...sentences.added.map((line) => `+ ${printable(line)}`),
    ...differences.map(differenceInWords),
  ];
  return words.length > 0 ? words.join('; ') : null;
}

const differenceInWords = ({ path, before, after }: Difference): string =>
  `${printable(path)}: ${showValue(before)} -> ${showValue(after)}`;

export const showValue = (value: unknown): string =>
  value === undefined || value === null
    ? 'none'
    : printable(fitting(typeof value === 'string' ? value : JSON.stringify(value), maxShown));
