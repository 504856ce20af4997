/** The settings that a bot takes, which are the keys of its config, as its schema says them. */
import { z } from 'zod';
import type { Bot } from '../contract/bot.ts';
import { kindOf, type JsonSchema } from '../playbook/schema-words.ts';

export interface Setting {
  key: string;
  /** what it is for, from the schema's description; null where it has none */
  meaning: string | null;
  /** what it takes, in words: `a whole number from 1 to 100`; null where the schema does not say */
  takes: string | null;
  /** the value of a bot that does not set it; undefined where there is none or it cannot be told */
  otherwise: unknown;
  /** it has to be given */
  required: boolean;
  /** its value is always a text, so that a text needs no quotes */
  isText: boolean;
}

/** Every bot takes it, whatever its own schema is. */
export const dependsOn: Setting = {
  key: 'depends_on',
  meaning: 'components that a component cannot work without: while one of them is broken, it waits',
  takes: 'a map of components, each a list of components',
  otherwise: {},
  required: false,
  isText: false,
};

const known = new WeakMap<Bot, Setting[] | null>();

/**
 * The settings of a bot, `depends_on` last; null where its schema is of a kind that does not name its keys. The schema is
 * the bot's own code, so that nothing here relies on it.
 */
export function settingsOf(bot: Bot): Setting[] | null {
  if (!known.has(bot)) known.set(bot, read(bot));
  return known.get(bot)!;
}

function read({ config }: Bot): Setting[] | null {
  let schema: JsonSchema;
  let defaults: Record<string, unknown> = {};
  try {
    schema = z.toJSONSchema(config, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
    const parsed = config.safeParse({});
    if (parsed.success && typeof parsed.data === 'object' && parsed.data !== null)
      defaults = parsed.data as Record<string, unknown>;
  } catch {
    return null;
  }
  const parts = [schema, ...(schema.allOf ?? [])];
  if (parts.every(({ properties }) => properties === undefined)) return null;
  const required = new Set(parts.flatMap((part) => part.required ?? []));
  const settings = parts.flatMap(({ properties = {} }) =>
    Object.entries(properties).map(([key, part]): Setting => ({
      key,
      meaning: part.description ?? null,
      takes: kindOf(part),
      otherwise: part.default ?? (Object.hasOwn(defaults, key) ? defaults[key] : undefined),
      required: required.has(key),
      isText: part.type === 'string',
    })),
  );
  return [...settings.filter(({ key }) => key !== dependsOn.key), dependsOn];
}

/** `min_expired: a whole number from 1 (1 unless set)`. */
export function settingInWords({ key, takes, otherwise, required }: Setting): string {
  const note = required
    ? ' (has to be set)'
    : otherwise === undefined
      ? ''
      : ` (${JSON.stringify(otherwise)} unless set)`;
  return `${key}: ${takes ?? 'its schema does not say what'}${note}`;
}
