import { printable } from '../../ground/text.ts';
import type { TicketHistory } from '../../services/tickets/history.ts';
import { printPart, type Column } from '../listing/list.ts';
import { shortId, time } from '../terminal/print.ts';

type Event = TicketHistory['events'][number];

/** What the policy did, as a sentence; null for other events, and for details of another form. */
function policySentence({ event, detail }: Event): string | null {
  const { from, to, step, policy, why, reason } = (detail ?? {}) as Record<string, unknown>;
  if (typeof policy !== 'number') return null;
  const who = typeof to === 'string' ? to : 'no one';
  if (event === 'escalated')
    return from === to
      ? `it stays with ${who}, who did not acknowledge it: step ${String(step)} of policy ${policy}`
      : `from ${typeof from === 'string' ? from : 'no one'} to ${who}: step ${String(step)} of policy ${policy}`;
  if (event === 'reminded')
    return `${String(why)}${typeof to === 'string' ? `; it is with ${to}` : ''} (policy ${policy})`;
  if (event === 'raised')
    return `from ${String(from)} to ${String(to)}: ${String(reason)} (policy ${policy})`;
  return null;
}

/** What happened, for a reader who does not know the column's words; `T-2` where another ticket is meant. */
export function eventInWords({ event, detail }: { event: string; detail: unknown }): string {
  const { into, from, ticket } = (detail ?? {}) as Record<string, unknown>;
  switch (event) {
    case 'merged':
      return ticket ? `${String(ticket)} merged into it` : `merged into ${String(into)}`;
    case 'unmerged':
      return ticket ? `${String(ticket)} no longer in it` : `no longer in ${String(from)}`;
    case 'flapping':
      return 'comes and goes';
    case 'flapping_ended':
      return 'comes and goes no longer';
    case 'suppressed':
      return 'behind another problem';
    case 'suppression_ended':
      return 'behind no other problem any more';
    case 'unrated':
      return 'rated as runs find it';
    case 'escalated':
      return 'given to the next person';
    case 'released':
      return 'no longer held back';
    default:
      return event;
  }
}

/** Keys of details that the words for the event contain already. */
const keysInWords: Partial<Record<Event['event'], string[]>> = {
  merged: ['into', 'ticket'],
  unmerged: ['from', 'ticket'],
};

/** `to: ann, from: bob` */
const detailOf = (event: Event): string => {
  const sentence = policySentence(event);
  return sentence === null ? detailInWords(event) : printable(sentence);
};

const detailInWords = ({ event, detail }: Pick<Event, 'event' | 'detail'>): string =>
  detail && typeof detail === 'object'
    ? Object.entries(detail)
        .filter(([key, value]) => value !== null && !keysInWords[event]?.includes(key))
        .map(([key, value]) => printable(keyInWords(key, value)))
        .join(', ')
    : '';

/** One detail: an id as a person types it, and a storm in words. */
function keyInWords(key: string, value: unknown): string {
  if (key === 'execution_id' && typeof value === 'string') return `run: ${shortId(value)}`;
  if (key === 'storm' && value && typeof value === 'object') {
    const { broken, of, most } = value as Record<string, unknown>;
    const all = typeof of === 'number' ? ` of ${of}` : '';
    return `storm: ${String(broken)}${all} broken${typeof most === 'number' ? `, ${most} at most` : ''}`;
  }
  return `${key}: ${typeof value === 'string' ? timeOrText(value) : JSON.stringify(value)}`;
}

/** JSON holds times as text, in UTC; a person reads them in the own zone, like every other time. */
const timeOrText = (text: string): string =>
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text) ? time(text) : text;

export const eventColumns = (now: Date): Column<Event>[] => [
  { name: 'created_at', head: 'When', cell: ({ created_at }) => time(created_at, now) },
  { name: 'event', head: 'What', cell: (event) => printable(eventInWords(event)) },
  { name: 'actor', head: 'Who', cell: ({ actor }) => printable(actor) },
  { name: 'detail', head: 'Detail', cell: detailOf },
];

export const eventLayout = { empty: 'None was written.', neverCut: ['detail'] };

/** What happened to a ticket, the newest first, as a part of a screen. `events`: the oldest first. */
export const eventTable = (events: TicketHistory['events'], now: Date): void =>
  printPart({ ...eventLayout, rows: events.toReversed(), columns: eventColumns(now) });
