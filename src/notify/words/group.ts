/** What a message about many tickets says: how many, and the worst of them. */
import { severities } from '../../ground/severity.ts';
import { counted } from '../../ground/text.ts';
import type { GroupMessage } from '../message.ts';
import { Parts, type Limits, type Words } from './parts.ts';
import { repeatOf } from './repeat.ts';
import { nameOf } from './ticket.ts';

export function groupWords(message: GroupMessage, limits: Limits): Words {
  const parts = new Parts();
  const { count, tickets, pending } = message;
  const pendingWords = severities
    .filter((severity) => (pending[severity] ?? 0) > 0)
    .map((severity) => `${pending[severity]} ${severity}`);
  const shown = tickets.slice(0, limits.tickets);
  const left = count - shown.length;
  if (left > 0) parts.leftOut(counted(left, 'more ticket'));
  return {
    subject: `${counted(count, 'ticket')} at once`,
    standing:
      pendingWords.length > 0
        ? `still pending: ${pendingWords.join(', ')}`
        : 'none of them is pending any more',
    facts: [],
    body: shown.map((ticket) => {
      const start = `${nameOf(ticket)}  ${ticket.severity}  ${ticket.status}  `;
      return `${start}${parts.item('the titles', ticket.title, limits.line)}`;
    }),
    history: [],
    repeat: repeatOf(message),
    cut: parts.cut('npx roundsman tickets list'),
    commands: ['npx roundsman tickets list'],
  };
}
