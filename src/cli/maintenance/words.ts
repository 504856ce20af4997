/** What a maintenance window covers, why and until when, in words. */
import { printable } from '../../ground/text.ts';
import type { ListedMaintenance, Maintenance } from '../../services/maintenance/list.ts';
import { inZone, shortId, time } from '../terminal/print.ts';
import { isOwnZone } from '../terminal/times.ts';

const namesInWords = (noun: string, nouns: string, names: readonly string[]): string =>
  `${names.length === 1 ? noun : nouns} ${names.map(printable).join(', ')}`;

type Scope = Pick<
  ListedMaintenance,
  'bot_ids' | 'bots' | 'components' | 'categories' | 'severities'
>;

/** `everything`; `bots ledger, watch; component api`; `bots ledger, 1 that is gone`, for a bot whose row was deleted. */
export function scopeInWords({ bot_ids, bots, components, categories, severities }: Scope): string {
  const missing = (bot_ids?.length ?? 0) - (bots?.length ?? 0);
  const names = [
    ...(bots ?? []).map(printable),
    ...(missing > 0 ? [`${missing} that ${missing === 1 ? 'is' : 'are'} gone`] : []),
  ];
  const words = [
    bot_ids && `${bot_ids.length === 1 ? 'bot' : 'bots'} ${names.join(', ')}`,
    components && namesInWords('component', 'components', components),
    categories && namesInWords('category', 'categories', categories),
    severities && `what is ${severities.map(printable).join(' or ')}`,
  ];
  return words.filter(Boolean).join('; ') || 'everything';
}

/** `2026-11-22 22:00:00 UTC (Sun 2026-11-22 23:00:00 in Europe/Berlin)` */
export const timeInBoth = (at: Date, zone: string): string =>
  `${time(at)}${isOwnZone(zone) ? '' : ` (${inZone(at, zone)} in ${printable(zone)})`}`;

/** `by ann until 2026-11-22 14:00:00 UTC: the disk is moved (1a2b3c4d)` */
const windowInWords = ({ id, owner, reason, ends_at }: Maintenance): string =>
  `by ${printable(owner)} until ${time(ends_at)}: ${printable(reason)} (${shortId(id)})`;

/** The windows that hold something back; null where none does. */
export const heldBackBy = (windows: readonly Maintenance[] = []): string | null =>
  windows.length > 0 ? windows.map(windowInWords).join('; ') : null;

/** `1a2b3c4d until 2026-11-22 14:00:00 UTC`, for a list, where owner and reason would be repeated on each row; null as above */
export const heldBackUntil = (windows: readonly Maintenance[] = []): string | null =>
  windows.length > 0
    ? windows.map(({ id, ends_at }) => `${shortId(id)} until ${time(ends_at)}`).join(', ')
    : null;
