import type { ChannelRow, NotificationRow } from '../../services/notify/list.ts';
import { printable } from '../../ground/text.ts';
import { paint, relative, time } from '../terminal/print.ts';

/** Why nothing passes through a channel now, in a line; null where it is in use. */
export function whyBlocked(
  channel: Pick<
    ChannelRow,
    'name' | 'off_since' | 'off_reason' | 'unusable_since' | 'unusable_reason'
  >,
  now: Date,
): string | null {
  const name = printable(channel.name);
  const { off_since, unusable_since } = channel;
  if (off_since !== null)
    return `${paint('red', 'off')}: ${name}, ${relative(off_since, now)}: ${printable(channel.off_reason ?? '')}; \`npx roundsman notify retry ${name}\` switches it on`;
  if (unusable_since !== null)
    return `${paint('yellow', 'cannot be used')}: ${name}, ${relative(unusable_since, now)}: ${printable(channel.unusable_reason ?? '')}; it is tried again`;
  return null;
}

export const waitsForChannel = 'waits until its channel is switched on';

/**
 * Why a message is not sent or not yet, and for a sent one whether it is a repeat and what its channel noted; null where there is
 * nothing to say. `off`: names of the channels that are off.
 */
export function whyOf(row: NotificationRow, off: readonly string[], now: Date): string | null {
  const repeat = row.repeats > 0 ? 'it may have been sent before: a repeat' : null;
  if (row.status === 'sent') return [repeat, row.note].filter(Boolean).join('; ') || null;
  const begun = row.sending_since ? `a sending began at ${time(row.sending_since, now)}` : null;
  const waits =
    row.status === 'pending' && !begun
      ? off.includes(row.channel)
        ? waitsForChannel
        : row.gathers
          ? `waits for others until ${time(row.send_after, now)}`
          : row.tries > 0
            ? `next try at ${time(row.send_after, now)}`
            : 'is due'
      : null;
  return [row.reason, row.error_message, begun, waits, repeat].filter(Boolean).join('; ') || null;
}
