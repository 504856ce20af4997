import { printable } from '../../ground/text.ts';
import type { TicketHistory } from '../../services/tickets/history.ts';
import { shortId, time } from '../terminal/print.ts';
import { table } from '../terminal/table.ts';

/** `to: ann, from: bob` */
const detailOf = (detail: unknown): string =>
  detail && typeof detail === 'object'
    ? Object.entries(detail)
        .filter(([, value]) => value !== null)
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
    events.map(({ created_at, event, actor, detail }) => [
      time(created_at),
      event,
      printable(actor),
      detailOf(detail),
    ]),
    'None was written.',
    [],
    ['Detail'],
  );
