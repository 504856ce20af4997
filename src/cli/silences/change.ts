import { addSilence as insert, endSilence as end } from '../../data/bots/bot-silences.ts';
import { RoundsmanError, UsageError } from '../../ground/errors.ts';
import { printable, storable } from '../../ground/text.ts';
import { actor } from '../arguments/actor.ts';
import { askFor } from '../terminal/ask.ts';
import { withDatabase } from '../session/database.ts';
import { json, say, shortId, time } from '../terminal/print.ts';
import { botOf } from '../../services/references/named.ts';
import { silenceIdOf } from '../../services/references/by-id.ts';
import { targetOf, untilWhen } from './words.ts';

/** The silence ended before. */
export class SilenceOverError extends RoundsmanError {}

interface AddOptions {
  bot?: string;
  component?: string;
  category?: string;
  fingerprint?: string;
  for?: number;
  untilResolved?: true;
  reason?: string;
  as?: string;
  json?: true;
}

/** Characters of a text that are kept. */
const longest = 1_000;

export async function addSilence(options: AddOptions): Promise<void> {
  const component = given('--component', options.component);
  const category = given('--category', options.category);
  const fingerprint = given('--fingerprint', options.fingerprint);
  if (!options.bot && !component && !category && !fingerprint)
    throw refused(
      'nothing says what is to be silenced',
      'give at least one of --bot, --component, --category, --fingerprint',
    );
  if (options.for === undefined && !options.untilResolved)
    throw refused('nothing says until when', 'give --for 2h, or --until-resolved');
  const reason = given('--reason', options.reason) ?? (await askFor('--reason', 'Why'));
  await withDatabase(async ({ db }) => {
    const bot = options.bot === undefined ? null : await botOf(db, options.bot);
    const silence = await insert(db, {
      bot_id: bot?.id ?? null,
      component,
      category,
      fingerprint,
      owner: storable(actor(options.as)),
      reason: storable(reason),
      seconds: options.for ?? null,
    });
    if (options.json) return json(silence);
    say(`Silenced ${targetOf(silence, bot?.name ?? null)} ${untilWhen(silence)}.`);
    say(`\`npx roundsman silences end ${shortId(silence.id)}\` ends it before.`);
  });
}

export const endSilence = (given: string, options: { json?: true }): Promise<void> =>
  withDatabase(async ({ db }) => {
    const id = await silenceIdOf(db, given);
    const ended = await end(db, id);
    if (!ended) {
      const { ended_at, expires_at } = await db
        .selectFrom('bot_silences')
        .selectAll()
        .where('id', '=', id)
        .executeTakeFirstOrThrow();
      throw new SilenceOverError({
        what: `silence ${shortId(id)} cannot be ended`,
        why: `it is over since ${time(ended_at ?? expires_at)} UTC`,
        hint: '`npx roundsman silences list` shows what is in force',
      });
    }
    if (options.json) return json(ended);
    say(`Ended silence ${shortId(id)} of ${printable(ended.owner)}.`);
  });

/** An option's text; null when it was not given. Empty or endless it names nothing. */
function given(flag: string, value: string | undefined): string | null {
  if (value === undefined) return null;
  const text = storable(value.trim());
  if (!text || [...text].length > longest)
    throw refused(
      `${flag} is ${text ? `longer than ${longest} characters` : 'empty'}`,
      `for example ${flag} api`,
    );
  return text;
}

const refused = (why: string, hint: string): UsageError =>
  new UsageError({ what: 'nothing was silenced', why, hint });
