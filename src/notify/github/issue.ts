/** A message as an issue: what it is about, its texts, and whether it is open. */
import { inFence, safeTitle } from '../../github/issue-text.ts';
import type { WantedIssue } from '../../github/issues.ts';
import { pending } from '../../data/bots/pending-tickets.ts';
import type { Message } from '../message.ts';
import { linesOf, wordsOf, type Limits } from '../words/words.ts';

/** GitHub takes 65,536 characters. Safe text is not longer than four times what it was. */
const limits: Limits = { subject: 240, line: 500, body: 10_000, events: 30, tickets: 20 };

/** A person who closes an issue is asked again only by one of these. */
const reopening = new Set(['opened', 'reopened', 'raised', 'woken']);

/** The same for all messages about one ticket. */
export function aboutOf(message: Message): string {
  switch (message.kind) {
    case 'ticket':
      return `ticket ${message.ticket.id}`;
    case 'group':
      return `message ${message.id}`;
    case 'report':
      return `report ${message.day}`;
    case 'test':
      return 'test';
  }
}

/** An edit twice does no harm, and an issue is looked for before it is made: it never says that it may be a repeat. */
export function issueOf(given: Message): WantedIssue {
  const message = { ...given, repeats: 0 };
  const words = wordsOf(message, limits);
  return {
    title: safeTitle(words.subject),
    body: inFence(linesOf(words)),
    state: stateOf(message),
    makes: isNews(message),
  };
}

/** A ticket that is over, and of whose beginning this message does not tell, needs no issue that is closed at once. */
const isNews = (message: Message): boolean =>
  message.kind !== 'ticket' ||
  pending.includes(message.ticket.status) ||
  message.events.some(({ event }) => reopening.has(event));

/** No issue about it is older; undefined where that is not known. */
export function sinceOf(message: Message): Date | undefined {
  if (message.kind === 'ticket') return message.ticket.created_at;
  return message.kind === 'report' ? message.due_at : undefined;
}

function stateOf(message: Message): WantedIssue['state'] {
  switch (message.kind) {
    case 'ticket':
      if (!pending.includes(message.ticket.status)) return 'closed';
      return message.events.some(({ event }) => reopening.has(event)) ? 'open' : 'kept';
    case 'group':
      return Object.values(message.pending).some((count) => count > 0) ? 'kept' : 'closed';
    // Nothing is to be done about these.
    case 'report':
    case 'test':
      return 'closed';
  }
}
