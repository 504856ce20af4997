/** The newest outcomes of an entry as a bar: for people at a terminal. */
import type { KnowledgeStats } from '../../services/knowledge/stats.ts';
import type { ListOptions } from '../arguments/show-options.ts';
import { isTable, type Column } from '../listing/list.ts';
import { outcomeBar } from '../terminal/bars.ts';

type WithOutcomes = Pick<KnowledgeStats['entries'][number], 'outcomes'>;

export const outcomeSigns = 'newest: + held, - relapsed, x failed; the newest at the right';

/** Whether a person sees the bars: in a table on a terminal, where an entry has an outcome. */
export const hasBars = (entries: readonly WithOutcomes[], options: ListOptions): boolean =>
  isTable(options) && process.stdout.isTTY && entries.some(({ outcomes }) => outcomes.length > 0);

/** The column with the bars; none where a person does not see them. */
export const outcomeColumns = <Row extends WithOutcomes>(isShown: boolean): Column<Row>[] =>
  isShown
    ? [
        {
          name: 'newest_outcomes',
          head: 'Newest',
          cell: ({ outcomes }) => outcomeBar(outcomes.map(({ outcome }) => outcome)) || null,
        },
      ]
    : [];
