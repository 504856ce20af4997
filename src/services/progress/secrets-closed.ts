/** Heals that workers aborted because they could not read a secret. No run fails for that reason, so `status` reports them. */
import { counted, span } from '../../ground/text.ts';
import type { Facts } from './facts.ts';

/** How many such heals there were, of which entries, how long ago and why; null if there were none. */
export function healsWithoutSecretInWords({ withoutSecret, now }: Facts): string | null {
  const { count, latest, entries } = withoutSecret;
  const [newest] = entries;
  if (latest === null || newest === undefined) return null;
  const more = entries.length > 1 ? ` and ${entries.length - 1} more` : '';
  const ago = `${span(now.getTime() - latest.getTime())} ago`;
  const when = count === 1 ? ago : `the newest ${ago}`;
  const why = newest.error_message ?? 'it could not be opened';
  return `${counted(count, 'heal')} aborted because a secret is missing, ${when} (${newest.name}${more}): ${why}`;
}
