import { printable } from '../../ground/text.ts';
import { decidedOf, listKnowledge as list } from '../../services/knowledge/list.ts';
import { withDatabase } from '../session/database.ts';
import { json, note, paint, relative, upTo } from '../terminal/print.ts';
import { table } from '../terminal/table.ts';

interface ListOptions {
  limit: number;
  removed?: true;
  json?: true;
}

export const listKnowledge = (options: ListOptions): Promise<void> =>
  withDatabase(async ({ db }) => {
    const { limit, removed = false } = options;
    const entries = upTo(await list(db, { limit: limit + 1, removed }), limit);
    if (options.json) return json(entries);
    const { decided, replaced, now } = await decidedOf(db, entries);
    table(
      ['Knowledge', 'Category', 'Autonomy', 'Enabled', 'Applied', 'Held', 'Rate', 'Last used'],
      entries.map((entry) => [
        printable(entry.name),
        printable(entry.category),
        entry.autonomy,
        entry.enabled ? 'yes' : paint('dim', entry.removed_at ? 'removed' : 'no'),
        String(entry.times_applied ?? 0),
        String(entry.times_successful ?? 0),
        decided.has(entry.id) ? `${Number(entry.success_rate)} %` : '-',
        relative(entry.last_used_at, now),
      ]),
      'No knowledge yet. `npx roundsman up` adds that of the built-in bots.',
      ['Category', 'Last used'],
    );
    if (replaced.length > 0)
      note(
        `Applied, Held and Rate count heals of earlier solutions, too: ${replaced.map(printable).join(', ')}; \`npx roundsman knowledge stats\` counts those of the present ones`,
      );
  });
