/** Heals that workers gave up because a secret could not be had: no run fails for that, so it is said here. */
import { counted, span } from '../../ground/text.ts';
import type { Facts } from './facts.ts';

/** How many, of which entries, how long ago and why; null where there were none. */
export function keptFromInWords({ keptFrom, now }: Facts): string | null {
  const { count, latest, entries } = keptFrom;
  const [newest] = entries;
  if (latest === null || newest === undefined) return null;
  const more = entries.length > 1 ? ` and ${entries.length - 1} more` : '';
  const ago = `${span(now.getTime() - latest.getTime())} ago`;
  const when = count === 1 ? ago : `the newest ${ago}`;
  const why = newest.error_message ?? 'it could not be opened';
  return `${counted(count, 'heal')} aborted for want of a secret, ${when} (${newest.name}${more}): ${why}`;
}
