/** What the escalation policy does next with a ticket. */
import { printable } from '../../ground/text.ts';
import type { NextEscalation } from '../../services/policy/next.ts';
import { relative } from '../terminal/print.ts';

/** `goes to owner in 12m (policy 3, step 2)`; null where no policy is asked about it. */
export function nextInWords(escalation: NextEscalation | null, now: Date): string | null {
  if (!escalation) return null;
  const { policy, next } = escalation;
  if (!next) return `no further escalation (policy ${policy})`;
  // The job that does this runs once a minute.
  const when = next.at > now ? relative(next.at, now) : 'within a minute';
  switch (next.kind) {
    case 'step':
      return `goes to ${printable(next.to)} ${when} (policy ${policy}, step ${next.step})`;
    case 'raise':
      return `becomes ${next.to} ${when} (policy ${policy})`;
    case 'remind':
      return `people are reminded of it ${when} (policy ${policy})`;
  }
}
