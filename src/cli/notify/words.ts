import type { NotificationRow } from '../../services/notify/list.ts';
import { time } from '../terminal/print.ts';

/** Why a message was not sent, or was not yet; how it went where it was. `off`: names of the channels that are off. */
export function whyOf(row: NotificationRow, off: readonly string[]): string {
  const repeat = row.repeats > 0 ? 'it may have been sent before: a repeat' : null;
  if (row.status === 'sent') return [repeat, row.note].filter(Boolean).join('; ') || '-';
  const begun = row.sending_since ? `a sending began at ${time(row.sending_since)} UTC` : null;
  const waits =
    row.status === 'pending' && !begun
      ? off.includes(row.channel)
        ? 'waits until its channel is switched on'
        : row.gathers
          ? `waits for others until ${time(row.send_after)} UTC`
          : row.tries > 0
            ? `next try at ${time(row.send_after)} UTC`
            : 'is due'
      : null;
  return [row.reason, row.error_message, begun, waits, repeat].filter(Boolean).join('; ') || '-';
}
