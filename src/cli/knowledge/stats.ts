import { currentTime } from '../../data/bots/engine.ts';
import { figuresOf } from '../../heal/judging/figures.ts';
import { printable } from '../../ground/text.ts';
import { withDatabase } from '../session/database.ts';
import { figureCells, figureColumns } from './figures.ts';
import { json, note, paint, section, upTo } from '../terminal/print.ts';
import { listKnowledge } from '../../services/knowledge/list.ts';
import { aboutAll } from '../../services/knowledge/show.ts';
import { statsByComponent } from '../../services/knowledge/stats.ts';
import { knowledgeOf } from '../../services/references/named.ts';
import { table } from '../terminal/table.ts';

interface StatsOptions {
  limit: number;
  json?: true;
}

export const showStats = (given: string | undefined, options: StatsOptions): Promise<void> =>
  withDatabase(async ({ db }) => {
    const entries =
      given === undefined
        ? upTo(await listKnowledge(db, { limit: options.limit + 1 }), options.limit)
        : [await knowledgeOf(db, given)];
    const ids = entries.map(({ id }) => id);
    const figures = await figuresOf(db, ids, aboutAll);
    const components =
      given === undefined ? null : await statsByComponent(db, { knowledge: ids[0]! });
    if (options.json)
      return json(
        entries.map((entry) => ({
          ...entry,
          figures: figures.get(entry.id),
          ...(components && {
            components: components.map(({ component, record, untouched, lift }) => ({
              component,
              figures: { ...record, untouched, lift },
            })),
          }),
        })),
      );
    const now = await currentTime(db);
    table(
      ['Knowledge', 'Autonomy', ...figureColumns],
      entries.map((entry) => {
        const known = figures.get(entry.id)!;
        return [
          printable(entry.name),
          entry.enabled ? entry.autonomy : paint('dim', `${entry.autonomy}, disabled`),
          ...figureCells(known.records.all, known, now),
        ];
      }),
      'No knowledge yet. `npx roundsman up` brings what the built-in bots know along; `npx roundsman knowledge add` adds to it.',
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
        'lower bound: of the share that held, with 95 % confidence at any look; older outcomes weigh less, several tries at one finding as one',
      );
  });
