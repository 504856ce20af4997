import { printable } from '../../ground/text.ts';
import { readDecided, readKnowledge, type KnowledgeRow } from '../../services/knowledge/list.ts';
import type { ListOptions } from '../arguments/show-options.ts';
import { list, rowsToRead, type Column } from '../listing/list.ts';
import { withDatabase } from '../session/database.ts';
import { paint, relative } from '../terminal/print.ts';

interface KnowledgeOptions extends ListOptions {
  limit: number;
  removed?: true;
}

const columns = (decided: Set<string>, now: Date): Column<KnowledgeRow>[] => [
  { name: 'name', head: 'Knowledge', cell: ({ name }) => printable(name) },
  { name: 'category', head: 'Category', cell: ({ category }) => printable(category) },
  { name: 'autonomy', head: 'Autonomy', cell: ({ autonomy }) => autonomy },
  {
    name: 'enabled',
    head: 'Enabled',
    cell: ({ enabled, removed_at }) =>
      enabled ? 'yes' : paint('dim', removed_at ? 'removed' : 'no'),
  },
  { name: 'times_applied', head: 'Applied', cell: (entry) => String(entry.times_applied ?? 0) },
  { name: 'times_successful', head: 'Held', cell: (entry) => String(entry.times_successful ?? 0) },
  {
    name: 'success_rate',
    head: 'Rate',
    cell: ({ id, success_rate }) => (decided.has(id) ? `${Number(success_rate)} %` : null),
    cellForPrograms: ({ id, success_rate }) =>
      decided.has(id) ? String(Number(success_rate)) : null,
    sortValue: ({ id, success_rate }) => (decided.has(id) ? Number(success_rate) : null),
  },
  {
    name: 'last_used_at',
    head: 'Last used',
    cell: ({ last_used_at }) => last_used_at && relative(last_used_at, now),
  },
];

export const listKnowledge = (options: KnowledgeOptions): Promise<void> =>
  withDatabase(async ({ db }) => {
    const { removed = false } = options;
    const { entries, count } = await readKnowledge(db, { limit: rowsToRead(options), removed });
    const { decided, replaced, now } = await readDecided(db, entries);
    await list({
      options,
      rows: entries,
      columns: columns(decided, now),
      count,
      empty: 'No knowledge yet. `npx roundsman up` adds that of the built-in bots.',
      dropWhenNarrow: ['category', 'last_used_at'],
      notes:
        replaced.length > 0
          ? [
              `Applied, Held and Rate count heals of earlier solutions, too: ${replaced.map(printable).join(', ')}; \`npx roundsman knowledge stats\` counts those of the present ones`,
            ]
          : [],
    });
  });
