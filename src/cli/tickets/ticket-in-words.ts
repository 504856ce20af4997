/** How a ticket stands, in words. */
import { printable } from '../../ground/text.ts';
import { isPending, isStorm, type ListedTicket } from '../../services/tickets/list.ts';
import { counted, moment, state } from '../terminal/print.ts';

/** Into which ticket it is merged, or was when it ended; null where it is not merged. */
export function mergedInWords(ticket: ListedTicket): string | null {
  const { survivor } = ticket;
  if (survivor === null) return null;
  return isPending(ticket)
    ? `into T-${survivor}, which stands for both: \`npx roundsman tickets show T-${survivor}\``
    : `into T-${survivor} when it ended`;
}

/** `assigned to ann`, `resolved by bob (was assigned to ann)` */
export function statusInWords(ticket: ListedTicket): string {
  const { status, assigned_to, resolved_by } = ticket;
  const to = assigned_to && printable(assigned_to);
  if (isPending(ticket)) return `${state(status)}${to ? ` to ${to}` : ''}`;
  const by = resolved_by
    ? `${status === 'closed' ? ', resolved' : ''} by ${printable(resolved_by)}`
    : '';
  return `${state(status)}${by}${to ? ` (was assigned to ${to})` : ''}`;
}

/** Who said that it is so severe, and why, and what runs find; null where no person has. */
export const ratingInWords = ({
  severity,
  severity_override_by: by,
  ...said
}: ListedTicket): string | null =>
  by === null
    ? null
    : `${severity}, as ${by === 'policy' ? 'the policy' : printable(by)} said: ${printable(said.severity_override_reason ?? '')} (runs find ${said.severity_found})`;

/** By whom and when; null where it is not acknowledged. */
export function acknowledgedInWords(
  { acknowledged_at, acknowledged_by: by }: ListedTicket,
  now: Date,
): string | null {
  const at = moment(acknowledged_at, now);
  return at && by ? `by ${printable(by)}, ${at}` : at;
}

/** For a storm's ticket, how much is broken now and was at most; for another one, of which storm its problem is a part. */
export function stormInWords(ticket: ListedTicket, partOf: string | null): string | null {
  if (!isStorm(ticket))
    return (
      partOf &&
      `T-${partOf} stands for all that is broken at its bot: \`npx roundsman tickets show T-${partOf}\``
    );
  const { storm } = (ticket.metadata ?? {}) as { storm?: Record<string, unknown> };
  const { broken, of, most } = storm ?? {};
  if (typeof broken !== 'number') return 'how much is broken is not known';
  const known = typeof of === 'number' ? ` of ${counted(of, 'component')}` : ' components';
  const before = typeof most === 'number' && most > broken ? `, ${most} at most` : '';
  return `${broken}${known} broken ${isPending(ticket) ? 'now' : 'when it ended'}${before}`;
}
