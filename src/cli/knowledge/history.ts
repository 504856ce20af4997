import { fitting, printable } from '../../ground/text.ts';
import { withDatabase } from '../session/database.ts';
import { storedFiguresInWords } from './figures.ts';
import { originInWords } from '../history/words.ts';
import type { HistoryOptions } from '../arguments/show-options.ts';
import { list, printPart, type Column } from '../listing/list.ts';
import { relative } from '../terminal/print.ts';
import { knowledgeHistory, type KnowledgeEvent } from '../../services/knowledge/history.ts';

/** How many characters are shown of a text before and after a change. */
const maxShown = 40;

/** What was changed, by whom, and because of which figures. */
const columns = (now: Date): Column<KnowledgeEvent>[] => [
  { name: 'created_at', head: 'When', cell: ({ created_at }) => relative(created_at, now) },
  { name: 'event', head: 'What', cell: ({ event }) => printable(event) },
  {
    name: 'component',
    head: 'Component',
    cell: ({ component }) => component && printable(component),
  },
  {
    name: 'change',
    head: 'Change',
    cell: ({ before, after }) => changeInWords(before, after),
    cellForPrograms: ({ before, after }) => JSON.stringify({ before, after }),
  },
  {
    name: 'figures',
    head: 'Figures',
    cell: ({ figures }) => storedFiguresInWords(figures),
    cellForPrograms: ({ figures }) => (figures === null ? null : JSON.stringify(figures)),
  },
  { name: 'actor', head: 'Who', cell: ({ actor }) => printable(actor) },
  {
    name: 'source',
    head: 'From',
    cell: (event) => originInWords(event),
    cellForPrograms: ({ source }) => source,
    hiddenWhenEmpty: true,
  },
  {
    name: 'version',
    head: 'Version',
    cell: ({ version }) => (version === null ? null : String(version)),
    onlyForPrograms: true,
  },
];

const dropWhenNarrow = ['component', 'source'];

export const showHistory = (given: string, options: HistoryOptions): Promise<void> =>
  withDatabase(async ({ db }) => {
    const { since, limit } = options;
    const { now, events, count } = await knowledgeHistory(db, {
      knowledge: given,
      since,
      limit: limit + 1,
    });
    await list({
      options,
      rows: events,
      columns: columns(now),
      count,
      dropWhenNarrow,
      empty: `Nothing was changed since ${since === undefined ? 'it was added' : 'then'}.`,
    });
  });

/** Changes of an entry, as a part of a screen. */
export const eventTable = (events: KnowledgeEvent[], now: Date, empty: string): void =>
  printPart({ rows: events, columns: columns(now), dropWhenNarrow, empty });

/** `autonomy: shadow -> suggest`; for a new value only the value. */
function changeInWords(before: unknown, after: unknown): string {
  const was = columnsOf(before);
  const is = columnsOf(after);
  const columns = [...new Set([...Object.keys(was), ...Object.keys(is)])];
  const words = columns.map((column) => {
    const pair = [was[column], is[column]].filter((value) => value !== undefined).map(showValue);
    return `${printable(column)}: ${pair.join(' -> ')}`;
  });
  return words.join(', ') || '-';
}

const columnsOf = (value: unknown): { [column: string]: unknown } =>
  value !== null && typeof value === 'object'
    ? (value as { [column: string]: unknown })
    : value === null
      ? {}
      : { value };

const showValue = (value: unknown): string =>
  printable(fitting(typeof value === 'string' ? value : JSON.stringify(value), maxShown));
