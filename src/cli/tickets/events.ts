import { printable } from '../../ground/text.ts';
import type { TicketHistory } from '../../services/tickets/history.ts';
import { shortId, time } from '../terminal/print.ts';
import { table } from '../terminal/table.ts';

type Event = TicketHistory['events'][number];

/** What the policy did, as a sentence; of other events and odd details: null. */
function byPolicy({ event, detail }: Event): string | null {
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
function inSentence({ event, detail }: Pick<Event, 'event' | 'detail'>): string {
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

/** What the sentence says already. */
const inSentences: Partial<Record<Event['event'], string[]>> = {
  merged: ['into', 'ticket'],
  unmerged: ['from', 'ticket'],
};

/** `to: ann, from: bob` */
const detailOf = (event: Event): string => {
  const said = byPolicy(event);
  return said === null ? listed(event) : printable(said);
};

const listed = ({ event, detail }: Pick<Event, 'event' | 'detail'>): string =>
  detail && typeof detail === 'object'
    ? Object.entries(detail)
        .filter(([key, value]) => value !== null && !inSentences[event]?.includes(key))
        .map(([key, value]) => printable(inWords(key, value)))
        .join(', ')
    : '';

/** Ids are named as a person names them, and a storm is told. */
function inWords(key: string, value: unknown): string {
  if (key === 'execution_id' && typeof value === 'string') return `run: ${shortId(value)}`;
  if (key === 'storm' && value && typeof value === 'object') {
    const { broken, of, most } = value as Record<string, unknown>;
    const all = typeof of === 'number' ? ` of ${of}` : '';
    return `storm: ${String(broken)}${all} broken${typeof most === 'number' ? `, ${most} at most` : ''}`;
  }
  return `${key}: ${typeof value === 'string' ? value : JSON.stringify(value)}`;
}

export const eventTable = (events: TicketHistory['events']): void =>
  table(
    ['When', 'What', 'Who', 'Detail'],
    events.map((event) => [
      time(event.created_at),
      printable(inSentence(event)),
      printable(event.actor),
      detailOf(event),
    ]),
    'None was written.',
    [],
    ['Detail'],
  );
