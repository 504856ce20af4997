/** What did away with a finding, in words beside the schema's own. */
import type { FindingRow } from '../../services/findings/list.ts';

type Method = FindingRow['resolution_method'];

/** For a list: what explains itself stands alone. */
export const resolvedBy = (method: Method): string =>
  method === 'escalated' ? 'escalated (healed, with a ticket open)' : (method ?? 'resolved');

const meanings: Record<NonNullable<Method>, string> = {
  'auto-fixed': 'a remedy was applied, and the same check passed afterwards',
  escalated:
    'a remedy was applied, and the same check passed afterwards; its ticket was open by then',
  manual: 'a person had resolved its ticket',
  cleared: 'it went away, and no cure is known to have done it',
};

/** `cleared: it went away, and no cure is known to have done it` */
export const resolvedAtLength = (method: Method): string =>
  method ? `${method}: ${meanings[method]}` : 'nothing says by what';
