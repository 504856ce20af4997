/** What happened to a ticket, in a sentence of plain text. What people and checks wrote in it is not escaped. */
import { fitting } from '../../ground/text.ts';
import type { TicketEvent } from '../telling.ts';

type Detail = Record<string, unknown>;

const text = (detail: Detail, ...keys: string[]): string | null => {
  const found = keys
    .map((key) => detail[key])
    .find((value) => typeof value === 'string' && value !== '');
  return found === undefined ? null : (found as string);
};

const said = (detail: Detail, ...keys: string[]): string => {
  const found = text(detail, ...keys);
  return found === null ? '' : `: ${found}`;
};

const change = (detail: Detail): string => {
  const [from, to] = [text(detail, 'from'), text(detail, 'to')];
  return from !== null && to !== null ? ` from ${from} to ${to}` : '';
};

const to = (detail: Detail): string => {
  const who = text(detail, 'to', 'assigned_to');
  return who === null ? '' : ` to ${who}`;
};

const sentences: Record<TicketEvent, (actor: string, detail: Detail) => string> = {
  opened: (actor, detail) =>
    `${actor} opened it${text(detail, 'assigned_to') ? ` and gave it${to(detail)}` : ''}`,
  seen: (actor) => `${actor} saw it again`,
  assigned: (actor, detail) => `${actor} assigned it${to(detail)}`,
  unassigned: (actor, detail) =>
    `${actor} took it from ${text(detail, 'from') ?? 'the person who had it'}`,
  acknowledged: (actor) => `${actor} acknowledged it`,
  snoozed: (actor, detail) =>
    `${actor} snoozed it${text(detail, 'until') ? ` until ${text(detail, 'until')}` : ''}`,
  woken: (_, detail) => `it woke${said(detail, 'why')}`,
  commented: (actor, detail) => `${actor} commented${said(detail, 'comment', 'text', 'notes')}`,
  noted: (actor, detail) => `${actor} noted${said(detail, 'notes', 'note')}`,
  resolved: (actor, detail) => `${actor} resolved it${said(detail, 'notes', 'resolution_notes')}`,
  reopened: (actor, detail) => `${actor} reopened it${said(detail, 'reason')}`,
  closed: (actor) => `${actor} closed it`,
  raised: (actor, detail) => `${actor} raised it${change(detail)}`,
  lowered: (actor, detail) => `${actor} lowered it${change(detail)}`,
  rated: (actor, detail) => `${actor} rated it${change(detail)}${said(detail, 'reason')}`,
  unrated: (actor, detail) => `${actor} took back the rating${change(detail)}`,
  merged: (actor, detail) => `${actor} merged it${said(detail, 'into')}`,
  unmerged: (actor) => `${actor} unmerged it`,
  escalated: (actor, detail) =>
    `${actor} escalated it${to(detail)}${said(detail, 'why', 'reason')}`,
  reminded: (actor, detail) => `${actor} reminds of it${said(detail, 'why', 'reason')}`,
  flapping: () => 'it comes and goes',
  flapping_ended: () => 'it does not come and go any more',
  suppressed: () => 'another ticket tells of its cause',
  suppression_ended: () => 'no other ticket tells of its cause any more',
  released: () => 'it is not held back any more',
};

const mostLetters = 4_000;

export function sentenceOf(event: TicketEvent, actor: string, detail: unknown): string {
  const known = detail !== null && typeof detail === 'object' ? (detail as Detail) : {};
  return fitting(sentences[event](actor, known), mostLetters);
}
