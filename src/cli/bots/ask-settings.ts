/** Asks for the settings of a bot that is being added: those that have to be set, and on request the others. */
import { printable } from '../../ground/text.ts';
import { checkSettings, settingsAt } from '../../services/bots/check-setting.ts';
import type { Setting } from '../../services/bots/settings.ts';
import { agrees, askFor } from '../terminal/ask.ts';
import { counted } from '../terminal/print.ts';

export { checkSettings } from '../../services/bots/check-setting.ts';

type Catalogue = Parameters<typeof settingsAt>[0];

/** What was given and answered, as `--set` takes it; a setting that keeps its default is left out. */
export async function askForSettings(
  catalogue: Catalogue,
  endpoint: string,
  given: readonly string[],
): Promise<string[]> {
  const named = new Set(given.map((text) => text.slice(0, text.indexOf('=')).trim()));
  const settings = settingsAt(catalogue, endpoint).filter(({ key }) => !named.has(key));
  const required = settings.filter((setting) => setting.required);
  const others = settings.filter((setting) => !setting.required);
  let set = [...given];
  for (const setting of required) set = await askForOne(catalogue, endpoint, setting, set);
  if (others.length === 0) return set;
  const question = `${counted(others.length, 'setting')} ${others.length === 1 ? 'has its default' : 'have their defaults'}. Go through ${others.length === 1 ? 'it' : 'them'}?`;
  if (!(await agrees(question, '--set KEY=VALUE'))) return set;
  for (const setting of others) set = await askForOne(catalogue, endpoint, setting, set);
  return set;
}

async function askForOne(
  catalogue: Catalogue,
  endpoint: string,
  setting: Setting,
  set: readonly string[],
): Promise<string[]> {
  const { key, meaning, takes, required, defaultValue } = setting;
  const words = [meaning, takes && `takes ${takes}`].filter(Boolean).join('; ');
  const unset = required
    ? ''
    : ` [${defaultValue === undefined ? 'not set' : JSON.stringify(defaultValue)}]`;
  const withValue = (text: string) => [...set, `${key}=${text}`];
  const text = await askFor(
    `--set ${key}=VALUE`,
    printable(`${key}${words ? ` (${words})` : ''}${unset}`),
    {
      ...(!required && { mayBeEmpty: true as const }),
      check: (answer) => checkSettings(catalogue, endpoint, withValue(answer)),
    },
  );
  return text === '' ? [...set] : withValue(text);
}
