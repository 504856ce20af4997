import { secondsIn, whyUnread } from '../../../ground/duration.ts';
import { UsageError } from '../../../ground/errors.ts';
import { printable } from '../../../ground/text.ts';
import { endSnooze, maxSnoozeSeconds, snoozeTicket } from '../../../services/tickets/snooze.ts';
import { moment, seconds } from '../../arguments/durations.ts';
import { wholeNumber } from '../../arguments/options.ts';
import { time } from '../../terminal/print.ts';
import { asSeen, nameOf, type ReviewAction } from './action.ts';
import { whyNotPending } from './pending.ts';

const snoozeBounds = { least: 60, most: maxSnoozeSeconds, example: '4h' };

/** `2026-11-22 09:00`: nine in the morning of the operator's next day. */
const tomorrow = (): string => {
  const day = new Date(Date.now() + 86_400_000);
  return time(new Date(day.getFullYear(), day.getMonth(), day.getDate(), 9)).slice(0, 16);
};

/** `4h`, `3 times`, or a time in the operator's zone. */
function untilOf(text: string): { seconds: number } | { until: Date } | { occurrences: number } {
  const [, times] = /^(\d{1,5}) *(?:x|times?)$/i.exec(text) ?? [];
  if (times) return { occurrences: wholeNumber('how often', 1, 10_000)(times) };
  if (secondsIn(text) !== null) return { seconds: seconds('the snooze', snoozeBounds)(text) };
  const until = /^\d{4}-/.test(text) ? moment('the snooze')(text) : null;
  if (until instanceof Date) return { until };
  throw new UsageError({
    what: 'that is no length of a snooze',
    why: /^\d/.test(text)
      ? whyUnread(text, snoozeBounds)
      : `${printable(text)} is neither a time, nor how long, nor how often`,
    hint: `4h, 3 times, or ${tomorrow()}`,
  });
}

export const snooze: ReviewAction = {
  key: 'z',
  name: 'snooze',
  words: 'have it wait: for a time, or until it was seen again a number of times',
  refusal: whyNotPending,
  questions: (seen) => [
    {
      ask: `Snooze ${nameOf(seen)} for how long (such as 3 times, or ${tomorrow()})`,
      defaultAnswer: '4h',
      check: (text) => void untilOf(text),
    },
  ],
  warning: () => null,
  async perform(context, seen, [text]) {
    const { id, version, snoozed_until } = await snoozeTicket(context, {
      ...asSeen(seen),
      ...untilOf(text!),
    });
    const until = snoozed_until ? `until ${time(snoozed_until)}` : `until it was seen ${text}`;
    return {
      message: `Snoozed ${nameOf(seen)} ${until}`,
      undo: {
        versions: { before: seen.ticket.version, after: version },
        async perform(context, version) {
          const { ticket } = await endSnooze(context, { ticket: id, version, before: seen.ticket });
          return { message: `${nameOf(seen)} is awake again`, version: ticket.version };
        },
      },
    };
  },
};
