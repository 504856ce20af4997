/** A bot's row does not allow it to run: what is wrong with it, and what would fit. */
import type { z } from 'zod';
import type { Bot } from '../contract/bot.ts';
import { UsageError } from '../ground/errors.ts';
import { askedIfMeant, nearest } from '../ground/nearest.ts';
import { settingInWords, settingsOf } from './settings.ts';

/** A bot's row has a value with which it cannot run; `why` begins with the field. */
export class BadDefinitionError extends UsageError {
  /** `reasons`: where more than one thing is wrong, all of them, each with its field */
  constructor(field: string, why: string, hint: string, reasons: string[] = []) {
    const what = 'this bot cannot run as it is defined';
    super({ what, why: `${field}: ${why}`, hint, ...(reasons.length > 1 && { reasons }) });
  }
}

/** How many settings a hint names. */
const maxNamed = 12;

/** The error for a value that the bot's schema refuses: the first issue as its `why`, and all of them as `reasons`. */
export function badDefinition(
  bot: Bot,
  path: string[],
  issues: readonly z.core.$ZodIssue[],
): BadDefinitionError {
  const found = issues.flatMap((issue) => {
    const field = [...path, ...issue.path.map(String)];
    return issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({ field, key, why: `${key} is not a setting of ${bot.name}` }))
      : [{ field, key: field[1], why: issue.message }];
  });
  const [first] = found as [(typeof found)[number]];
  const keys = found.flatMap(({ key }) => (key === undefined ? [] : [key]));
  return new BadDefinitionError(
    first.field.join('.'),
    first.why,
    settingsHint(bot, keys),
    found.map(({ field, why }) => `${field.join('.')}: ${why}`),
  );
}

/**
 * A hint: what the settings of these names take; for an unknown name, the nearest ones; and if no name is known, all names that
 * there are.
 */
export function settingsHint(bot: Bot, keys: string[]): string {
  const { name } = bot;
  const settings = settingsOf(bot);
  const all = `\`npx roundsman bots catalogue ${name}\` says what it takes`;
  if (settings === null) return all;
  const names = settings.map(({ key }) => key);
  const meant = keys.flatMap((key) => (names.includes(key) ? [] : nearest(key, names)));
  const wrong = settings.filter(({ key }) => keys.includes(key)).map(settingInWords);
  const list = names.slice(0, maxNamed).join(', ');
  return [
    ...(meant.length > 0 ? [askedIfMeant([...new Set(meant)])] : []),
    ...(wrong.length > 0 ? [`it takes ${wrong.join('; ')};`] : [`it has ${list};`]),
    all,
  ].join(' ');
}
