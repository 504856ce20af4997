import { printable } from '../../ground/text.ts';
import type { ListOptions } from '../arguments/show-options.ts';
import { isTable, list, printPart, rowsToRead, type Column } from '../listing/list.ts';
import { withDatabase } from '../session/database.ts';
import { afterwards, paint, section } from '../terminal/print.ts';
import { knowledgeStats, type KnowledgeStats } from '../../services/knowledge/stats.ts';
import { figureColumns, type WithFigures } from './figures.ts';
import { hasBars, outcomeColumns, outcomeSigns } from './outcomes.ts';

interface StatsOptions extends ListOptions {
  limit: number;
}

type Entry = KnowledgeStats['entries'][number];
type ComponentStats = NonNullable<KnowledgeStats['components']>[number];

const figuresOfEntry = ({ figures }: Entry): WithFigures => ({
  ...figures,
  record: figures.records.all,
});

const entryColumns = (now: Date, areBarsShown: boolean): Column<Entry>[] => [
  { name: 'name', head: 'Knowledge', cell: ({ entry }) => printable(entry.name) },
  {
    name: 'autonomy',
    head: 'Autonomy',
    cell: ({ entry }) =>
      entry.enabled ? entry.autonomy : paint('dim', `${entry.autonomy}, disabled`),
  },
  ...figureColumns(figuresOfEntry, now),
  ...outcomeColumns<Entry>(areBarsShown),
];

const componentColumns = (now: Date): Column<ComponentStats>[] => [
  { name: 'component', head: 'Component', cell: ({ component }) => printable(component) },
  ...figureColumns((each: ComponentStats) => each, now),
];

const dropWhenNarrow = ['failed', 'relapsed', 'last_relapse'];

export const showStats = (given: string | undefined, options: StatsOptions): Promise<void> =>
  withDatabase(async ({ db }) => {
    const request = { knowledge: given, limit: rowsToRead(options) };
    const { entries, components, now, count } = await knowledgeStats(db, request);
    const areBarsShown = hasBars(entries.slice(0, options.limit), options);
    await list({
      options,
      rows: entries,
      columns: entryColumns(now, areBarsShown),
      fields: ({ entry, figures, outcomes }) => ({
        ...entry,
        figures,
        newest_outcomes: outcomes,
        ...(components && {
          components: components.map(({ component, record, untouched, lift }) => ({
            component,
            figures: { ...record, untouched, lift },
          })),
        }),
      }),
      count,
      dropWhenNarrow: [...dropWhenNarrow, 'newest_outcomes'],
      empty:
        'No knowledge yet. `npx roundsman up` adds that of the built-in bots; `npx roundsman knowledge add` adds your own.',
      notes:
        entries.length > 0
          ? [
              ...(areBarsShown ? [outcomeSigns] : []),
              'lower bound: of the share that held, with 95 % confidence at any time; older outcomes count less, and several tries on one finding count as one',
            ]
          : [],
    });
    if (!components || components.length === 0) return;
    if (isTable(options)) {
      section('By component');
      printPart({ rows: components, columns: componentColumns(now), dropWhenNarrow, empty: '' });
    } else if (options.output === undefined && !options.json)
      afterwards('its figures by component are shown in a table, and in JSON');
  });
