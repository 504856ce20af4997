import { printable } from '../../../ground/text.ts';
import { acknowledgeTicket } from '../../../services/tickets/acknowledge.ts';
import { time } from '../../terminal/print.ts';
import { asSeen, nameOf, type ReviewAction } from './action.ts';
import { whyNotPending } from './pending.ts';

export const acknowledge: ReviewAction = {
  key: 'o',
  name: 'acknowledge',
  words: 'on it: say that you work on it; its response clock stops',
  refusal: (seen) => {
    const { acknowledged_at: at, acknowledged_by: by } = seen.ticket;
    if (whyNotPending(seen) || !at) return whyNotPending(seen);
    return `${nameOf(seen)} was acknowledged${by ? ` by ${printable(by)}` : ''} at ${time(at)} already`;
  },
  questions: () => [],
  warning: () => 'an acknowledgement cannot be undone; t takes it instead',
  async perform(context, seen) {
    await acknowledgeTicket(context, asSeen(seen));
    return {
      message: `Acknowledged ${nameOf(seen)}: its response clock has stopped`,
      undo: { cannot: 'an acknowledgement cannot be undone' },
    };
  },
};
