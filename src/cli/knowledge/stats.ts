import { decidedComponents, type KnowledgeRow } from '../../data/bots/bot-knowledge.ts';
import { currentTime } from '../../data/bots/engine.ts';
import type { Db } from '../../database/connect.ts';
import { figuresOf, type Figures } from '../../heal/judging/figures.ts';
import { printable } from '../../ground/text.ts';
import { withDatabase } from '../session/database.ts';
import { figureCells, figureColumns } from './figures.ts';
import { json, note, paint, section, upTo } from '../terminal/print.ts';
import { knowledgeOf } from '../../services/references/named.ts';
import { table } from '../terminal/table.ts';

/** Components of one entry that are shown. */
const mostComponents = 20;

interface StatsOptions {
  limit: number;
  json?: true;
}

export const showStats = (given: string | undefined, options: StatsOptions): Promise<void> =>
  withDatabase(async ({ db }) => {
    const entries =
      given === undefined
        ? upTo(await entriesOf(db, options.limit + 1), options.limit)
        : [await knowledgeOf(db, given)];
    const about = { fingerprint: null, component: null, category: null };
    const ids = entries.map(({ id }) => id);
    const figures = await figuresOf(db, ids, about);
    const components = given === undefined ? null : await inComponents(db, ids[0]!);
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

const entriesOf = (db: Db, limit: number): Promise<KnowledgeRow[]> =>
  db.selectFrom('bot_knowledge').selectAll().orderBy('name').limit(limit).execute();

interface InComponent extends Pick<Figures, 'untouched' | 'lift'> {
  component: string;
  record: Figures['records']['component'];
}

/** What an entry achieved where; a component with too few outcomes to say something has no lift of its own. */
async function inComponents(db: Db, id: string): Promise<InComponent[]> {
  const found: InComponent[] = [];
  for (const component of await decidedComponents(db, id, mostComponents)) {
    const about = { fingerprint: null, component, category: null };
    const { records, context, untouched, lift } = (await figuresOf(db, [id], about)).get(id)!;
    const own = context === 'component' ? lift : null;
    found.push({ component, record: records.component, untouched, lift: own });
  }
  return found;
}
