import { hasFitted, namesInFindings } from '../../data/bots/bot-silences.ts';
import type { Db } from '../../database/connect.ts';
import { nearest } from '../../ground/nearest.ts';
import { printable } from '../../ground/text.ts';
import { botOf } from '../references/named.ts';
import type { SilenceWanted } from './add.ts';

/**
 * Why a silence would hide nothing so far: no finding, open or resolved, ever fitted all that it names. One sentence
 * for each name that no finding has, with the nearest that one has; null where a finding fitted, or where only a bot is
 * named. It may still be meant: what it names may be yet to come. Throws NotFoundError for the bot.
 */
export async function unmetBy(db: Db, wanted: SilenceWanted): Promise<string | null> {
  const { component, category, fingerprint } = wanted;
  const bot = wanted.bot === undefined ? null : await botOf(db, wanted.bot);
  const named = { component, category, fingerprint };
  if (Object.values(named).every((value) => value === null)) return null;
  if (await hasFitted(db, { bot_id: bot?.id ?? null, ...named })) return null;
  const unknown: string[] = [];
  const none = { bot_id: null, component: null, category: null, fingerprint: null };
  for (const kind of ['component', 'category', 'fingerprint'] as const) {
    const value = named[kind];
    if (value === null || (await hasFitted(db, { ...none, [kind]: value }))) continue;
    // A fingerprint is copied, not typed: its neighbour is another problem.
    const names = kind === 'fingerprint' ? [] : await namesInFindings(db, kind);
    const meant = nearest(value, names).map(printable);
    const did = meant.length > 0 ? ` (did you mean ${meant.join(', ')}?)` : '';
    unknown.push(`no finding ever had the ${kind} ${printable(value)}${did}`);
  }
  return unknown.length > 0 ? unknown.join('; ') : 'no finding ever fitted all of this at once';
}
