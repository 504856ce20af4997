/** The settings of a bot, which are the keys of its config, as the bot's schema defines them. */
import { z } from 'zod';
import type { Bot } from '../contract/bot.ts';
import { kindOf, type JsonSchema } from '../playbook/schema-words.ts';

export interface Setting {
  key: string;
  /** what the setting is for, from the schema's description; null where the schema has none */
  meaning: string | null;
  /** which values it takes, in words: `a whole number from 1 to 100`; null where the schema does not say */
  takes: string | null;
  /** the value for a bot that does not set it; undefined where there is none or the schema does not say */
  defaultValue: unknown;
  /** whether it has to be set */
  required: boolean;
  /** whether its value is always a text, which then needs no quotes */
  isText: boolean;
}

/** Every bot has this setting, whatever its own schema is. */
export const dependsOn: Setting = {
  key: 'depends_on',
  meaning: 'components that a component cannot work without: while one of them is broken, it waits',
  takes: 'a map of components, each a list of components',
  defaultValue: {},
  required: false,
  isText: false,
};

const cache = new WeakMap<Bot, Setting[] | null>();

/**
 * The settings of a bot, `depends_on` last; null where its schema is of a kind that does not name its keys, or throws: the schema
 * is the bot's own code.
 */
export function settingsOf(bot: Bot): Setting[] | null {
  if (!cache.has(bot)) cache.set(bot, readSettings(bot));
  return cache.get(bot)!;
}

function readSettings({ config }: Bot): Setting[] | null {
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
      defaultValue: part.default ?? (Object.hasOwn(defaults, key) ? defaults[key] : undefined),
      required: required.has(key),
      isText: part.type === 'string',
    })),
  );
  return [...settings.filter(({ key }) => key !== dependsOn.key), dependsOn];
}

/** `min_expired: a whole number from 1 (1 unless set)`. */
export function settingInWords({ key, takes, defaultValue, required }: Setting): string {
  const note = required
    ? ' (has to be set)'
    : defaultValue === undefined
      ? ''
      : ` (${JSON.stringify(defaultValue)} unless set)`;
  return `${key}: ${takes ?? 'its schema does not say what'}${note}`;
}
