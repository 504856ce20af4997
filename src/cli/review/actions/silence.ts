import { secondsIn, whyUnread } from '../../../ground/duration.ts';
import { UsageError } from '../../../ground/errors.ts';
import { storable } from '../../../ground/text.ts';
import { isStorm } from '../../../services/tickets/list.ts';
import { addSilence, silenceOf } from '../../../services/silences/add.ts';
import { endSilence } from '../../../services/silences/end.ts';
import type { Review } from '../../../services/tickets/review.ts';
import { storableText } from '../../../services/tickets/ticket-text.ts';
import { ticketAsSeen } from '../../../services/tickets/ticket-as-seen.ts';
import { seconds } from '../../arguments/durations.ts';
import { asSeen, nameOf, type ReviewAction } from './action.ts';
import { whyNotPending } from './pending.ts';

const untilResolved = 'until resolved';
const silenceBounds = { least: 1, most: 365 * 86_400, example: '2h' };

const silenceFrom = ({ ticket }: Review, text: string) =>
  silenceOf({
    ...(ticket.bots.name && { bot: ticket.bots.name }),
    fingerprint: ticket.fingerprint,
    ...lengthOf(text),
  });

function lengthOf(text: string): { untilResolved: true } | { for: number } {
  if (text === untilResolved) return { untilResolved: true };
  if (secondsIn(text) !== null) return { for: seconds('the silence', silenceBounds)(text) };
  throw new UsageError({
    what: 'that is no length of a silence',
    why: whyUnread(text, silenceBounds),
    hint: `2h, or ${untilResolved}`,
  });
}

export const silence: ReviewAction = {
  key: 's',
  name: 'silence',
  words: 'silence its problem: people are not told, nothing is healed',
  refusal: (seen) =>
    whyNotPending(seen) ??
    (isStorm(seen.ticket) ? 'a storm is not a single problem: silence its bot or component' : null),
  questions: (seen) => [
    {
      ask: `Silence the problem of ${nameOf(seen)} for how long (or \`${untilResolved}\`)`,
      defaultAnswer: '2h',
      check: (text) => void silenceFrom(seen, text),
    },
    {
      ask: 'Why',
      isProse: true,
      check: (text) => void storableText(text, 'nothing was silenced'),
    },
  ],
  warning: () => null,
  async perform(context, seen, [text, reason]) {
    // Throws if anybody has changed the ticket since it was shown.
    await ticketAsSeen(context.db, { ...asSeen(seen), wanted: 'silenced' });
    const { silence } = await addSilence(context, {
      ...silenceFrom(seen, text!),
      reason: storable(reason!),
    });
    return {
      message: `Silenced the problem of ${nameOf(seen)} ${text === untilResolved ? text : `for ${text}`}`,
      undo: {
        versions: null,
        async perform({ db, actor }) {
          await endSilence({ db, actor }, { silence: silence.id });
          const message = `The silence of the problem of ${nameOf(seen)} has ended`;
          return { message, version: null };
        },
      },
    };
  },
};
