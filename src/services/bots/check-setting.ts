/** Single settings of a bot that is being added, checked while others are still missing. */
import type { Catalogue } from '../../catalogue/catalogue.ts';
import { BadDefinitionError } from '../../catalogue/catalogue.ts';
import { settingInWords, settingsOf, type Setting } from '../../catalogue/settings.ts';
import { endpointOf } from './definition.ts';
import { changedConfig } from './settings.ts';

/** The settings of the bot behind an endpoint; empty where its schema does not name them. */
export function settingsAt(catalogue: Catalogue, endpoint: string): Setting[] {
  const bot = catalogue.botAt(endpointOf(endpoint));
  return (bot && settingsOf(bot)) ?? [];
}

/**
 * Throws {@link BadDefinitionError} or UsageError where a value does not fit its setting, or the bot has no such setting; settings
 * that are missing are left out. `set` holds what was given so far, as `key=value`.
 */
export function checkSettings(
  catalogue: Catalogue,
  endpoint: string,
  set: readonly string[],
): void {
  const api_endpoint = endpointOf(endpoint);
  const config = changedConfig(catalogue, { api_endpoint, config: {} }, { set: [...set] });
  const { depends_on: _, ...own } = config as Record<string, unknown>;
  const issue = catalogue
    .botAt(api_endpoint)
    ?.config.safeParse(own)
    .error?.issues.find(({ path }) => Object.hasOwn(own, String(path[0])));
  if (!issue) return;
  const setting = settingsAt(catalogue, endpoint).find(({ key }) => key === issue.path[0]);
  throw new BadDefinitionError(
    `config.${issue.path.map(String).join('.')}`,
    issue.message,
    setting ? `it takes ${settingInWords(setting)}` : 'see `npx roundsman bots catalogue`',
  );
}
