/** Limits of healing: a number each. */
import { z } from 'zod';
import { limits as all, readLimits } from '../../../data/bots/healing-limits.ts';
import { changeLimit, limitOf } from '../../limits/change.ts';
import type { Kind } from './kind.ts';
import { oneValueEach } from './overwritten.ts';

const definitions = z.strictObject(
  Object.fromEntries(
    all.map(({ name, meaning, usual }) => [
      name,
      z.number('has to be a number').nullish().describe(`${meaning}; ${usual} unless given`),
    ]),
  ),
  'has to be a map of limits',
);

export const limits: Kind = {
  kind: 'limits',
  meaning: 'how much healing may do, as gates compare it with their figures',
  form: 'values',
  schema: definitions,
  fields: ['value'],
  required: ['value'],
  defaults: (name) => ({ value: all.find((each) => each.name === name)?.usual ?? null }),
  async present(db) {
    return (await readLimits(db)).map(({ name, value }) => ({ id: name, name, values: { value } }));
  },
  read: (fields) => fields,
  check: async (_, { name, after }) => void limitOf(name, String(after.value)),
  settingKeys: (names) =>
    all.filter(({ name }) => names.includes(name)).map(({ setting }) => setting),
  lock: async () => {},
  ...oneValueEach((applying, name, value) => change(applying, name, value)),
  async remove(applying, { name }) {
    await change(applying, name, limits.defaults(name).value);
  },
  history: { kind: 'limit' },
};

type Context = Parameters<typeof changeLimit>[0];

const change = (context: Context, name: string, value: unknown) =>
  changeLimit(context, limitOf(name, String(value)));
