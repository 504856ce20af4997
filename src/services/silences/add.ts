import { addSilence as insert, countBehind } from '../../data/bots/bot-silences.ts';
import type { Db } from '../../database/connect.ts';
import { UsageError } from '../../ground/errors.ts';
import { storable, withCommas } from '../../ground/text.ts';
import { authorise, type Actor } from '../actor.ts';
import { botOf } from '../references/named.ts';

/** How many characters a text may have. */
const maxCharacters = 1_000;

/** What is to be silenced, and until when. */
export interface NewSilence {
  bot?: string | undefined;
  component: string | null;
  category: string | null;
  fingerprint: string | null;
  /** seconds; null: until the problem is resolved, or until `until` */
  seconds: number | null;
  /** the time at which it ends, in place of `seconds` */
  until?: Date | null;
}

interface GivenSilence {
  bot?: string | undefined;
  component?: string | undefined;
  category?: string | undefined;
  fingerprint?: string | undefined;
  for?: number | undefined;
  untilResolved?: boolean | undefined;
}

/** Throws UsageError if nothing is named, or no end is given. */
export function silenceOf(given: GivenSilence): NewSilence {
  const component = silenceTextOf('--component', given.component);
  const category = silenceTextOf('--category', given.category);
  const fingerprint = silenceTextOf('--fingerprint', given.fingerprint);
  if (!given.bot && !component && !category && !fingerprint)
    throw refusal(
      'no option says what to silence',
      'give at least one of --bot, --component, --category, --fingerprint',
    );
  if (given.for === undefined && !given.untilResolved)
    throw refusal('no option says until when', 'give --for 2h, or --until-resolved');
  return { bot: given.bot, component, category, fingerprint, seconds: given.for ?? null };
}

/**
 * An option's text; null when it was not given. Throws UsageError for an empty or too long text, which names nothing.
 */
export function silenceTextOf(flag: string, value: string | undefined): string | null {
  if (value === undefined) return null;
  const text = storable(value.trim());
  const { length } = [...text];
  if (length > maxCharacters)
    throw refusal(
      `${flag} has ${withCommas(length)} characters, and ${withCommas(maxCharacters)} at most`,
      'shorten it: it stands in lists and messages',
    );
  if (length === 0)
    throw refusal(
      `${flag} is empty`,
      `for example ${flag} ${flag === '--reason' ? "'the provider works on it'" : 'api'}`,
    );
  return text;
}

/**
 * Adds a silence; returns its row, the name of its bot, and how many open findings stand behind those that it silences and are not
 * silenced themselves: people are told of them. For operators. Throws NotFoundError.
 */
export async function addSilence(
  { db, actor }: { db: Db; actor: Actor },
  { bot: named, reason, ...wanted }: NewSilence & { reason: string },
) {
  authorise(actor, 'silence anything', 'operator');
  const bot = named === undefined ? null : await botOf(db, named);
  const silence = await insert(db, {
    ...wanted,
    bot_id: bot?.id ?? null,
    owner: storable(actor.name),
    reason: storable(reason),
  });
  return { silence, bot: bot?.name ?? null, behind: await countBehind(db, silence.id) };
}

const refusal = (why: string, hint: string): UsageError =>
  new UsageError({ what: 'nothing was silenced', why, hint });
