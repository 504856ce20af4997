/** Single settings of a bot, as a person gives them: `--set key=value`, `--unset key`. */
import { BadDefinitionError, type Catalogue } from '../../catalogue/catalogue.ts';
import { settingsHint } from '../../catalogue/bad-definition.ts';
import { settingsOf, type Setting } from '../../catalogue/settings.ts';
import type { Bot } from '../../contract/bot.ts';
import { keyGivenTwice } from '../../ground/documents/key-given-twice.ts';
import { UsageError } from '../../ground/errors.ts';
import { readConfig } from './definition.ts';

export type { Setting } from '../../catalogue/settings.ts';

export interface SettingChanges {
  /** `key=value`: a value is JSON, or a text if the setting takes one */
  set?: string[] | undefined;
  /** keys that are taken out of the config, so that their defaults hold again */
  unset?: string[] | undefined;
}

/** Throws BadDefinitionError, with suggestions, for an endpoint that names no bot of the catalogue. */
export function refuseUnknownEndpoint(catalogue: Catalogue, endpoint: string): void {
  if (!catalogue.botAt(endpoint)) catalogue.resolve(endpoint, {});
}

export interface CurrentSetting extends Setting {
  /** what the bot's config says; undefined if the default holds */
  value: unknown;
}

/** A bot's settings with their present values; null if its endpoint or its schema does not say which settings there are. */
export function currentSettings(
  catalogue: Catalogue,
  { api_endpoint, config }: { api_endpoint: string; config: unknown },
): CurrentSetting[] | null {
  const bot = catalogue.botAt(api_endpoint);
  const settings = bot ? settingsOf(bot) : null;
  const given = (config ?? {}) as Record<string, unknown>;
  return (
    settings?.map((setting) => ({
      ...setting,
      value: Object.hasOwn(given, setting.key) ? given[setting.key] : undefined,
    })) ?? null
  );
}

/**
 * A bot's config with these changes. Throws UsageError for a change that cannot be read, and BadDefinitionError for a
 * setting that the bot does not have.
 */
export function changedConfig(
  catalogue: Catalogue,
  { api_endpoint, config }: { api_endpoint: string; config: unknown },
  { set = [], unset = [] }: SettingChanges,
): object {
  const bot = catalogue.botAt(api_endpoint);
  const settings = bot ? settingsOf(bot) : null;
  const refuseUnknown = (key: string) => {
    if (!bot || !settings || settings.some((setting) => setting.key === key)) return;
    throw new BadDefinitionError(
      'config',
      `${key} is not a setting of ${bot.name}`,
      settingsHint(bot, [key]),
    );
  };
  const entries = new Map(Object.entries((config ?? {}) as object));
  const seen = new Set<string>();
  const refuseRepeated = (flag: string, key: string) => {
    if (seen.has(key))
      throw new UsageError({
        what: `${flag} cannot be used`,
        why: `${key} is given twice`,
        hint: 'give each setting once',
      });
    seen.add(key);
  };
  for (const text of set) {
    const [key, value] = splitSetting(text);
    refuseRepeated('--set', key);
    // A schema that is not strict takes any key.
    if (isStrict(bot)) refuseUnknown(key);
    entries.set(
      key,
      valueOf(
        value,
        settings?.find((setting) => setting.key === key),
      ),
    );
  }
  for (const key of unset) {
    refuseRepeated('--unset', key);
    if (!entries.has(key)) refuseUnknown(key);
    entries.delete(key);
  }
  return readConfig(JSON.stringify(Object.fromEntries(entries)));
}

/** Whether the bot's schema refuses or drops a key that it does not name. */
function isStrict(bot: Bot | undefined): boolean {
  const unknownKey = 'no such setting';
  try {
    const parsed = bot?.config.safeParse({ [unknownKey]: 0 });
    if (!parsed) return false;
    if (!parsed.success)
      return parsed.error.issues.some(({ code }) => code === 'unrecognized_keys');
    return !Object.hasOwn(parsed.data as object, unknownKey);
  } catch {
    return false;
  }
}

function splitSetting(text: string): [key: string, value: string] {
  const at = text.indexOf('=');
  const key = text.slice(0, at).trim();
  if (at > 0 && key) return [key, text.slice(at + 1).trim()];
  throw new UsageError({
    what: `--set cannot be ${JSON.stringify(text)}`,
    why: 'it has to be a setting, an equals sign and its value',
    hint: 'for example --set max_findings=20',
  });
}

function valueOf(text: string, setting: Setting | undefined): unknown {
  if (setting?.isText && !text.startsWith('"')) return text;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return text;
  }
  const twice = keyGivenTwice(text);
  if (twice === null) return value;
  throw new UsageError({
    what: `--set cannot be ${JSON.stringify(text)}`,
    why: `${twice} is given twice, and the first would be ignored`,
    hint: 'give each key once',
  });
}
