/** How a finding was resolved: the schema's words, and what they mean. */
import type { FindingRow } from '../../services/findings/list.ts';

type Method = FindingRow['resolution_method'];

/** For a list: the schema's word, explained only where a reader would not understand it. */
export const methodForList = (method: Method): string =>
  method === 'escalated' ? 'escalated (healed, with a ticket open)' : (method ?? 'resolved');

const meanings: Record<NonNullable<Method>, string> = {
  'auto-fixed': 'a remedy was applied, and the same check passed afterwards',
  escalated:
    'a remedy was applied, and the same check passed afterwards; its ticket was open by then',
  manual: 'a person had resolved its ticket',
  cleared: 'it went away, and no cure is known to have done it',
  unreported: 'it is no longer reported, and it is not known whether it is gone',
};

/** `cleared: it went away, and no cure is known to have done it` */
export const methodInWords = (method: Method): string =>
  method ? `${method}: ${meanings[method]}` : 'it is not known how';
