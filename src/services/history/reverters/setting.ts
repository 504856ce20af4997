import { removeSetting, writeSetting } from '../../../data/settings/rows.ts';
import { storable } from '../../../ground/text.ts';
import { authorise } from '../../actor.ts';
import { changing } from '../../changing.ts';
import { checkValue, settingOf } from '../../settings/change.ts';
import { settingNames, type SettingName } from '../../settings/kinds/index.ts';
import { RevertRefusedError, type Reverter, type Wanted } from './reverter.ts';

export const settingReverter: Reverter = {
  columns: null,
  async consequences({ db }, wanted) {
    const value = valueIn(wanted);
    const unfit = value === null ? null : await checkValue(db, value);
    return [
      ...(value === null ? ['it is not set then, and what holds without it holds again'] : []),
      ...(unfit === null ? [] : [`on this host it could not be used: ${unfit}`]),
    ];
  },
  async write({ db, actor }, wanted) {
    authorise(actor, 'change settings', 'admin');
    const value = valueIn(wanted);
    await changing<unknown>({ db, actor }, (trx) =>
      value === null
        ? removeSetting(trx, wanted.named.definition)
        : writeSetting(trx, { key: value.name, value: value.value, by: storable(actor.name) }),
    );
  },
};

/** The value as a person would type it today; null: it was not set. Throws UsageError for one that cannot be used any more. */
function valueIn({
  named,
  definition,
  version,
}: Wanted): { name: SettingName; value: unknown } | null {
  const name = settingNames.find((each) => each === named.definition);
  if (name === undefined)
    throw new RevertRefusedError({
      what: `${named.name} was not set back to version ${version}`,
      why: 'it has a command of its own, which checks its values',
      hint:
        named.definition === 'mode'
          ? '`npx roundsman mode` shows and sets it'
          : '`npx roundsman tickets from` sets a part of `escalation`; other values are set where they were set',
    });
  if (!definition) return null;
  const { value } = definition;
  const text = Array.isArray(value) ? value.join(',') : String(value);
  return { name, value: settingOf(name, text) };
}
