/** Finds bots and entries of knowledge by their names. */
import type { BotRow } from '../../data/bots/bots.ts';
import type { Db } from '../../database/connect.ts';
import { NotFoundError } from '../../ground/errors.ts';
import { didYouMean } from '../../ground/nearest.ts';
import { printable } from '../../ground/text.ts';
import { isUuid } from './uuid.ts';

/** How many names are compared with an unknown one. */
const maxNames = 2_000;

async function notFound(
  db: Db,
  kind: 'bot' | 'knowledge',
  given: string,
  unregistered: readonly string[] = [],
) {
  const rows = await db
    .selectFrom(kind === 'bot' ? 'bots' : 'bot_knowledge')
    .select('name')
    .limit(maxNames)
    .execute();
  const names = [...new Set([...rows.map(({ name }) => name), ...unregistered])];
  const list = kind === 'bot' ? 'npx roundsman bots list' : 'npx roundsman knowledge list';
  return new NotFoundError({
    what: `there is no ${kind} ${given.trim() || 'without a name'}`,
    why:
      names.length === 0
        ? 'there is none yet'
        : `no ${kind === 'bot' ? 'bot' : 'entry'} has this name or id`,
    hint: didYouMean(given, names, `\`${list}\` shows what there is`),
  });
}

/**
 * A bot by name or id. Throws {@link NotFoundError} with the nearest names, also among `unregistered`: names of bots that get a
 * row when a process starts.
 */
export async function botOf(
  db: Db,
  given: string,
  unregistered: readonly string[] = [],
): Promise<BotRow> {
  const bots = db.selectFrom('bots').selectAll();
  const bot =
    (await bots.where('name', '=', given).executeTakeFirst()) ??
    (isUuid(given) ? await bots.where('id', '=', given).executeTakeFirst() : undefined);
  if (!bot) throw await notFound(db, 'bot', given, unregistered);
  return bot;
}

/** A sentence for each name in `named` that no bot has, with the nearest names; if none is near, it ends with `otherwise`. */
export async function unknownBots(
  db: Db,
  named: readonly string[],
  otherwise: string,
): Promise<string[]> {
  if (named.length === 0) return [];
  const bots = await db.selectFrom('bots').select('name').where('removed_at', 'is', null).execute();
  const names = bots.map(({ name }) => name);
  return [...new Set(named)]
    .filter((name) => !names.includes(name))
    .map((name) => `there is no bot ${printable(name)}; ${didYouMean(name, names, otherwise)}`);
}

/** An entry of knowledge by name or id. Throws {@link NotFoundError} with the nearest names. */
export async function knowledgeOf(db: Db, given: string) {
  const entries = db.selectFrom('bot_knowledge').selectAll();
  const entry =
    (await entries.where('name', '=', given).executeTakeFirst()) ??
    (isUuid(given) ? await entries.where('id', '=', given).executeTakeFirst() : undefined);
  if (!entry) throw await notFound(db, 'knowledge', given);
  return entry;
}
