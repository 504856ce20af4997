/** What is silenced, by whom, why and until when, in words. */
import { printable } from '../../ground/text.ts';
import type { Maintenance } from '../../services/maintenance/list.ts';
import type {
  Silence,
  SilenceRow,
  StandingTicket,
  Suppressor,
} from '../../services/silences/list.ts';
import { heldBackBy, heldBackUntil } from '../maintenance/words.ts';
import { shortId, time } from '../terminal/print.ts';

/** The reasons why people may not be told of a finding, or of the finding of a ticket. */
export interface Quiet {
  bot_silences?: Silence[];
  bot_maintenance?: Maintenance[];
  suppressor?: Suppressor | null;
  /** of a finding: which ticket stands for it */
  ticket?: StandingTicket | null;
}

/** `until 2026-11-22 14:00:00 UTC`, `until resolved` */
export const untilWhen = (silence: {
  until_resolved: boolean;
  expires_at: Date | string | null;
}): string => (silence.until_resolved ? 'until resolved' : `until ${time(silence.expires_at)}`);

const silenceInWords = (silence: Silence): string =>
  `by ${printable(silence.owner)} ${untilWhen(silence)}: ${printable(silence.reason)}`;

/** `by ann until 2026-11-22 14:00:00 UTC: the disk is moved`; null when no silence covers it. */
export const silencedBy = ({ bot_silences = [] }: Quiet): string | null =>
  bot_silences.length > 0 ? bot_silences.map(silenceInWords).join('; ') : null;

/** `/v1: it answers no request (1a2b3c4d)`; null when it stands behind no other finding. */
export const suppressedBehind = ({ suppressor }: Quiet): string | null =>
  suppressor
    ? `${printable(suppressor.affected_component ?? '-')}: ${printable(suppressor.title)} (${shortId(suppressor.id)})`
    : null;

/** Whether people are told of it by the ticket of the finding behind which it stands, and by no other. */
export const isSuppressed = ({ suppressor, ticket }: Quiet): boolean =>
  Boolean(suppressor) && ticket?.stands_for === 'suppressor';

/** Whether people are not told of it: it is silenced, held back by maintenance or suppressed. */
export const isQuiet = (quiet: Quiet): boolean =>
  silencedBy(quiet) !== null || heldBackBy(quiet.bot_maintenance) !== null || isSuppressed(quiet);

/**
 * All of these in one text, for a list; null where people are told as usual and it stands behind no other finding. A finding
 * that stands behind another one, and of which people are told all the same, is not suppressed, but it is not healed either.
 */
export function quietInWords(quiet: Quiet): string | null {
  const silenced = silencedBy(quiet);
  const heldBack = heldBackUntil(quiet.bot_maintenance);
  const behind = suppressedBehind(quiet);
  const words = [
    silenced && `silenced ${silenced}`,
    heldBack && `held back by maintenance ${heldBack}`,
    behind && `${isSuppressed(quiet) ? 'suppressed behind' : 'behind'} ${behind}`,
  ];
  return words.filter(Boolean).join('; ') || null;
}

/** `bot ledger, category api` */
export const targetOf = (
  silence: Pick<SilenceRow, 'component' | 'category' | 'fingerprint'>,
  bot: string | null,
): string =>
  Object.entries({
    bot,
    component: silence.component,
    category: silence.category,
    fingerprint: silence.fingerprint,
  })
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name} ${printable(value!)}`)
    .join(', ');
