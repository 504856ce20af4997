/** What others did to the ticket that a person looks at. */
import { printable } from '../../ground/text.ts';
import type { NewEvents } from '../../services/tickets/review-changes.ts';
import { relative } from '../terminal/print.ts';

/** How many events are told in one line. */
const maxEvents = 3;

/** `ann assigned it to bob 3s ago; bob commented on it 1s ago`, the newest first; empty where only `me` did something. */
export const whatHappened = (happened: NewEvents, me: string, now: Date): string =>
  happened
    .filter(({ actor }) => actor !== me)
    .slice(0, maxEvents)
    .map((each) =>
      printable(`${each.actor} ${eventInWords(each)} ${relative(each.created_at, now)}`),
    )
    .join('; ');

function eventInWords({ event, detail }: NewEvents[number]): string {
  const { to, approved, rejected, learnt } = (detail ?? {}) as Record<string, unknown>;
  if (event === 'noted' && typeof approved === 'string') return `approved ${approved}`;
  if (event === 'noted' && typeof rejected === 'string') return `rejected ${rejected}`;
  if (event === 'noted' && typeof learnt === 'string') return `learnt ${learnt} from it`;
  if (event === 'commented') return 'commented on it';
  return typeof to === 'string' ? `${event} it to ${to}` : `${event} it`;
}
