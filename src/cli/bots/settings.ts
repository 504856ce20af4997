/** A bot's settings: what each is for, what it takes, and what it is. */
import { printable } from '../../ground/text.ts';
import type { Setting, SettingNow } from '../../services/bots/settings.ts';
import { paint, say } from '../terminal/print.ts';

/** A value as it is given to `--set`. */
const showValue = (value: unknown): string => printable(JSON.stringify(value) ?? 'unknown');

const otherwiseOf = ({ required, otherwise }: Setting): string =>
  required ? 'has to be set' : otherwise === undefined ? 'no default' : showValue(otherwise);

/** The lines under a setting: its meaning, and what it takes. */
function explain({ meaning, takes }: Setting): void {
  const words = [meaning, takes && `takes ${takes}`].filter((word) => word !== null);
  const indent = ' '.repeat(6);
  say(
    `${indent}${words.length > 0 ? printable(words.join('; ')) : 'its schema does not say what it takes'}`,
    indent,
  );
}

/** `null` where the endpoint or its schema does not say which there are: then the config is shown as it is. */
export function printSettings(settings: SettingNow[] | null, config: unknown): void {
  if (settings === null)
    return say(`  ${showValue(config)}   which settings there are is not known`, '    ');
  for (const setting of settings) {
    const now =
      setting.value === undefined
        ? `${otherwiseOf(setting)}${setting.required || setting.otherwise === undefined ? '' : paint('dim', ' (default)')}`
        : `${showValue(setting.value)}${paint('dim', ` (default ${otherwiseOf(setting)})`)}`;
    say(`  ${paint('bold', printable(setting.key))} = ${now}`, '    ');
    explain(setting);
  }
  const known = new Set(settings.map(({ key }) => key));
  for (const [key, value] of Object.entries((config ?? {}) as object))
    if (!known.has(key))
      say(`  ${printable(key)} = ${showValue(value)}   no setting of this bot`, '    ');
}

/** Settings of the catalogue, which no bot has set. */
export function printDefaults(settings: Setting[] | null): void {
  if (settings === null) return say('  Its schema does not name them.');
  for (const setting of settings) {
    const word =
      setting.required || setting.otherwise === undefined ? '' : paint('dim', ' (default)');
    say(`  ${paint('bold', printable(setting.key))} = ${otherwiseOf(setting)}${word}`, '    ');
    explain(setting);
  }
}

/** With `default` as the schema says it, and `value` as the config does; each is null where there is none. */
export const settingAsJson = ({
  key,
  meaning,
  takes,
  otherwise,
  required,
  ...now
}: Setting & { value?: unknown }) => ({
  key,
  meaning,
  takes,
  required,
  default: otherwise ?? null,
  ...('value' in now && { value: now.value ?? null }),
});
