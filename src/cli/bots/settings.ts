/** A bot's settings: what each is for, what it takes, and its present value. */
import { printable } from '../../ground/text.ts';
import type { Setting, CurrentSetting } from '../../services/bots/settings.ts';
import { paint, say } from '../terminal/print.ts';

/** A value as it is given to `--set`. */
const showValue = (value: unknown): string => printable(JSON.stringify(value) ?? 'unknown');

const defaultOf = ({ required, defaultValue }: Setting): string =>
  required ? 'has to be set' : defaultValue === undefined ? 'no default' : showValue(defaultValue);

/** The lines under a setting: its meaning, and what it takes. */
function explain({ meaning, takes }: Setting): void {
  const words = [meaning, takes && `takes ${takes}`].filter((word) => word !== null);
  const indent = ' '.repeat(6);
  say(
    `${indent}${words.length > 0 ? printable(words.join('; ')) : 'its schema does not say what it takes'}`,
    indent,
  );
}

/** `settings` is null where the endpoint or its schema does not name them: then the config is printed as it is stored. */
export function printSettings(settings: CurrentSetting[] | null, config: unknown): void {
  if (settings === null) return say(`  ${showValue(config)}   its settings are not known`, '    ');
  for (const setting of settings) {
    const valueWords =
      setting.value === undefined
        ? `${defaultOf(setting)}${setting.required || setting.defaultValue === undefined ? '' : paint('dim', ' (default)')}`
        : `${showValue(setting.value)}${paint('dim', ` (default ${defaultOf(setting)})`)}`;
    say(`  ${paint('bold', printable(setting.key))} = ${valueWords}`, '    ');
    explain(setting);
  }
  const known = new Set(settings.map(({ key }) => key));
  for (const [key, value] of Object.entries((config ?? {}) as object))
    if (!known.has(key))
      say(`  ${printable(key)} = ${showValue(value)}   not a setting of this bot`, '    ');
}

/** The settings of a bot of the catalogue, with their defaults. */
export function printDefaults(settings: Setting[] | null): void {
  if (settings === null) return say('  Its schema does not name them.');
  for (const setting of settings) {
    const mark =
      setting.required || setting.defaultValue === undefined ? '' : paint('dim', ' (default)');
    say(`  ${paint('bold', printable(setting.key))} = ${defaultOf(setting)}${mark}`, '    ');
    explain(setting);
  }
}

/** A setting for JSON: `default` is the schema's, `value` the config's; each is null where there is none. */
export const settingAsJson = ({
  key,
  meaning,
  takes,
  defaultValue,
  required,
  ...rest
}: Setting & { value?: unknown }) => ({
  key,
  meaning,
  takes,
  required,
  default: defaultValue ?? null,
  ...('value' in rest && { value: rest.value ?? null }),
});
