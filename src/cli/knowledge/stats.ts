import { printable } from '../../ground/text.ts';
import { withDatabase } from '../session/database.ts';
import { figureCells, figureColumns } from './figures.ts';
import { json, note, paint, section, tellOfMore } from '../terminal/print.ts';
import { knowledgeStats } from '../../services/knowledge/stats.ts';
import { table } from '../terminal/table.ts';

interface StatsOptions {
  limit: number;
  json?: true;
}

export const showStats = (given: string | undefined, options: StatsOptions): Promise<void> =>
  withDatabase(async ({ db }) => {
    const { limit } = options;
    const found = await knowledgeStats(db, { knowledge: given, limit });
    const { entries, components, now } = found;
    if (found.hasMore) tellOfMore(limit);
    if (options.json)
      return json(
        entries.map(({ entry, figures }) => ({
          ...entry,
          figures,
          ...(components && {
            components: components.map(({ component, record, untouched, lift }) => ({
              component,
              figures: { ...record, untouched, lift },
            })),
          }),
        })),
      );
    table(
      ['Knowledge', 'Autonomy', ...figureColumns],
      entries.map(({ entry, figures }) => [
        printable(entry.name),
        entry.enabled ? entry.autonomy : paint('dim', `${entry.autonomy}, disabled`),
        ...figureCells(figures.records.all, figures, now),
      ]),
      'No knowledge yet. `npx roundsman up` adds that of the built-in bots; `npx roundsman knowledge add` adds your own.',
      ['Failed', 'Relapsed', 'Last relapse'],
    );
    if (components && components.length > 0) {
      section('By component');
      table(
        ['Component', ...figureColumns],
        components.map(({ component, record, ...known }) => [
          printable(component),
          ...figureCells(record, known, now),
        ]),
        '',
        ['Failed', 'Relapsed', 'Last relapse'],
      );
    }
    if (entries.length > 0)
      note(
        'lower bound: of the share that held, with 95 % confidence at any time; older outcomes count less, and several tries on one finding count as one',
      );
  });
