/** Settings of the engine: a value each. */
import { z } from 'zod';
import { backupRecipients } from '../../../data/settings/rows.ts';
import {
  changeSetting,
  checkValue,
  clearSetting,
  settingOf,
  showSettings,
} from '../../settings/change.ts';
import { settings as all, type SettingName } from '../../settings/kinds/index.ts';
import type { Applying, Kind } from './kind.ts';
import { oneValueEach } from './overwritten.ts';

const value = z.union(
  [z.string(), z.number(), z.array(z.string())],
  'has to be a text, a number or a list of texts',
);

const definitions = z.strictObject(
  Object.fromEntries(
    all.map(({ name, meaning, example }) => [
      name,
      value.nullish().describe(`${meaning}; for example ${example}`),
    ]),
  ),
  'has to be a map of settings',
);

/** A value as the services read it: what a person would type. */
const typed = (given: unknown): string =>
  Array.isArray(given) ? given.map(String).join(',') : String(given);

export const settings: Kind = {
  kind: 'settings',
  meaning: 'what the engine may reach, where backups go, how long rows are kept',
  form: 'values',
  schema: definitions,
  fields: ['value'],
  required: [],
  // Recipients are public keys.
  isOpen: (name) => name === backupRecipients,
  defaults: () => ({ value: null }),
  async present(db) {
    return (await showSettings(db)).map((row) => ({
      id: row.name,
      name: row.name,
      values: { value: row.value },
    }));
  },
  read: ({ value: given }, _, name) =>
    given === undefined ? {} : { value: settingOf(name as SettingName, typed(given)) },
  async check({ db }, { name, after }) {
    if (after.value !== null)
      await checkValue(db, { name: name as SettingName, value: after.value });
  },
  settingKeys: (names) => [...names],
  lock: async () => {},
  ...oneValueEach((applying, name, value) => change(applying, name, value)),
  async remove(applying, { name }) {
    await change(applying, name, null);
  },
  history: { kind: 'setting' },
};

const change = async ({ db, actor }: Applying, given: string, after: unknown): Promise<void> => {
  const name = given as SettingName;
  if (after === null) await clearSetting({ db, actor }, name);
  else await changeSetting({ db, actor }, { name, value: after });
};
