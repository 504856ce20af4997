import { hasFitted } from '../../data/bots/bot-silences.ts';
import type { Db } from '../../database/connect.ts';
import { botOf } from '../references/named.ts';
import { unknownNameInWords } from '../references/unknown-name.ts';
import type { NewSilence } from './add.ts';

/**
 * Why a silence would have hidden nothing so far: no finding, open or resolved, ever fitted all that it names. Lists each name
 * that no finding has had. Null if a finding fitted, or only a bot is named. It is a warning and not an error, because such
 * findings may still come. Throws NotFoundError for the bot.
 */
export async function unknownNamesOf(db: Db, wanted: NewSilence): Promise<string | null> {
  const { component, category, fingerprint } = wanted;
  const bot = wanted.bot === undefined ? null : await botOf(db, wanted.bot);
  const named = Object.entries({ component, category, fingerprint }).filter(
    (pair): pair is ['component' | 'category' | 'fingerprint', string] => pair[1] !== null,
  );
  if (named.length === 0) return null;
  if (await hasFitted(db, { bot_id: bot?.id ?? null, component, category, fingerprint }))
    return null;
  const warnings: (string | null)[] = [];
  for (const [kind, name] of named) warnings.push(await unknownNameInWords(db, kind, name));
  return warnings.filter(Boolean).join('; ') || 'no finding ever fitted all of this at once';
}
