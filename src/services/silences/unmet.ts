import { hasFitted } from '../../data/bots/bot-silences.ts';
import type { Db } from '../../database/connect.ts';
import { botOf } from '../references/named.ts';
import { unmetName } from '../references/unmet.ts';
import type { SilenceWanted } from './add.ts';

/**
 * Why a silence would hide nothing so far: no finding, open or resolved, ever fitted all that it names. Names each name
 * that no finding has; null where a finding fitted, or where only a bot is named. It may still be meant: what it names
 * may be yet to come. Throws NotFoundError for the bot.
 */
export async function unmetBy(db: Db, wanted: SilenceWanted): Promise<string | null> {
  const { component, category, fingerprint } = wanted;
  const bot = wanted.bot === undefined ? null : await botOf(db, wanted.bot);
  const named = Object.entries({ component, category, fingerprint }).filter(
    (pair): pair is ['component' | 'category' | 'fingerprint', string] => pair[1] !== null,
  );
  if (named.length === 0) return null;
  if (await hasFitted(db, { bot_id: bot?.id ?? null, component, category, fingerprint }))
    return null;
  const unmet: (string | null)[] = [];
  for (const [kind, name] of named) unmet.push(await unmetName(db, kind, name));
  return unmet.filter(Boolean).join('; ') || 'no finding ever fitted all of this at once';
}
