/** What happened to a ticket, in a sentence of plain text. Texts of people and checks in it are not escaped. */
import { fitting } from '../../ground/text.ts';
import type { TicketEvent } from '../ticket-events.ts';

type Detail = Record<string, unknown>;

const textIn = (detail: Detail, ...keys: string[]): string | null => {
  const found = keys
    .map((key) => detail[key])
    .find((value) => typeof value === 'string' && value !== '');
  return found === undefined ? null : (found as string);
};

const afterColon = (detail: Detail, ...keys: string[]): string => {
  const found = textIn(detail, ...keys);
  return found === null ? '' : `: ${found}`;
};

const fromTo = (detail: Detail): string => {
  const [from, to] = [textIn(detail, 'from'), textIn(detail, 'to')];
  return from !== null && to !== null ? ` from ${from} to ${to}` : '';
};

const toWhom = (detail: Detail): string => {
  const who = textIn(detail, 'to', 'assigned_to');
  return who === null ? '' : ` to ${who}`;
};

const sentences: Record<TicketEvent, (actor: string, detail: Detail) => string> = {
  opened: (actor, detail) =>
    `${actor} opened it${textIn(detail, 'assigned_to') ? ` and gave it${toWhom(detail)}` : ''}`,
  seen: (actor) => `${actor} saw it again`,
  assigned: (actor, detail) => `${actor} assigned it${toWhom(detail)}`,
  unassigned: (actor, detail) =>
    `${actor} took it from ${textIn(detail, 'from') ?? 'the person who had it'}`,
  acknowledged: (actor) => `${actor} acknowledged it`,
  snoozed: (actor, detail) =>
    `${actor} snoozed it${textIn(detail, 'until') ? ` until ${textIn(detail, 'until')}` : ''}`,
  woken: (_, detail) => `it woke${afterColon(detail, 'why')}`,
  commented: (actor, detail) =>
    `${actor} commented${afterColon(detail, 'comment', 'text', 'notes')}`,
  noted: (actor, detail) => `${actor} noted${afterColon(detail, 'notes', 'note')}`,
  resolved: (actor, detail) =>
    `${actor} resolved it${afterColon(detail, 'notes', 'resolution_notes')}`,
  reopened: (actor, detail) => `${actor} reopened it${afterColon(detail, 'reason')}`,
  closed: (actor) => `${actor} closed it`,
  raised: (actor, detail) => `${actor} raised it${fromTo(detail)}`,
  lowered: (actor, detail) => `${actor} lowered it${fromTo(detail)}`,
  rated: (actor, detail) => `${actor} rated it${fromTo(detail)}${afterColon(detail, 'reason')}`,
  unrated: (actor, detail) => `${actor} took back the rating${fromTo(detail)}`,
  merged: (actor, detail) => `${actor} merged it${afterColon(detail, 'into')}`,
  unmerged: (actor) => `${actor} unmerged it`,
  escalated: (actor, detail) =>
    `${actor} escalated it${toWhom(detail)}${afterColon(detail, 'why', 'reason')}`,
  reminded: (actor, detail) => `${actor} reminds of it${afterColon(detail, 'why', 'reason')}`,
  flapping: () => 'it comes and goes',
  flapping_ended: () => 'it does not come and go any more',
  suppressed: () => 'another ticket tells of its cause',
  suppression_ended: () => 'no other ticket tells of its cause any more',
  released: () => 'it is not held back any more',
};

const maxCharacters = 4_000;

export function sentenceOf(event: TicketEvent, actor: string, detail: unknown): string {
  const known = detail !== null && typeof detail === 'object' ? (detail as Detail) : {};
  return fitting(sentences[event](actor, known), maxCharacters);
}
