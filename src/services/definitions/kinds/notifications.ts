/** Channels, routes and quiet hours of messages: one document. */
import { z } from 'zod';
import { UsageError } from '../../../ground/errors.ts';
import { settingKey, storedDocument } from '../../../notify/settings/stored.ts';
import { notifications as whole } from '../../../notify/settings/schema.ts';
import { checkDocument } from '../../notify/document.ts';
import { setNotifications } from '../../notify/set.ts';
import { map } from './fields.ts';
import type { Applying, Kind, Values } from './kind.ts';
import { oneDocument } from './overwritten.ts';

const name = 'notifications';
const fields = ['channels', 'routes', 'quiet_hours', 'report', 'hosts'] as const;

const { routes, quiet_hours, report, hosts } = whole.shape;

const definitions = z.strictObject(
  {
    channels: z
      .record(z.string(), map('kind, and what a channel of this kind takes').nullable())
      .optional()
      .describe('by name; one that is absent stays as it is, and so do its absent fields'),
    routes: routes.optional(),
    quiet_hours: quiet_hours.nullish(),
    report: report.nullish(),
    hosts: hosts.nullish(),
  },
  'has to be a map of channels, routes, quiet_hours, report and hosts',
);

type Channels = Record<string, Record<string, unknown> | null>;

/** The channels with those of a file: null removes a channel, or a field of one. */
function merged(before: Channels, given: Channels): Channels {
  const channels = new Map(Object.entries(before));
  for (const [channel, settings] of Object.entries(given)) {
    if (settings === null) {
      channels.delete(channel);
      continue;
    }
    const old = channels.get(channel);
    // A channel of another kind takes other fields.
    const stays = old && (settings.kind === undefined || settings.kind === old.kind) ? old : {};
    const entries = Object.entries({ ...stays, ...settings });
    channels.set(channel, Object.fromEntries(entries.filter(([, value]) => value !== null)));
  }
  return Object.fromEntries(channels);
}

/** The document without fields that are not there. */
const documentOf = (values: Values): object =>
  Object.fromEntries(
    fields.flatMap((field) =>
      values[field] === null || values[field] === undefined ? [] : [[field, values[field]]],
    ),
  );

export const notifications: Kind = {
  kind: name,
  meaning: 'through which channels people are told of tickets, and who is told of what',
  form: 'document',
  schema: definitions,
  fields,
  required: ['channels', 'routes'],
  defaults: () => ({ channels: {}, routes: [], quiet_hours: null, report: null, hosts: null }),
  async present(db) {
    const stored = (await storedDocument(db)) as Values | undefined;
    if (stored === undefined || stored === null) return [];
    const values = Object.fromEntries(fields.map((field) => [field, stored[field] ?? null]));
    return [{ id: name, name, values }];
  },
  read({ channels, ...others }, before) {
    if (channels === undefined) return others;
    const old = (before?.channels ?? {}) as Channels;
    return { ...others, channels: merged(old, channels as Channels) };
  },
  async check({ db }, { after }) {
    try {
      await checkDocument(db, { text: JSON.stringify(documentOf(after)), place: name });
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      // The places are those of a document that no person has written.
      const why = error.why.replaceAll(/notifications:\d+:\d+ /g, '');
      throw new UsageError({ what: error.what, why, hint: error.hint }, { cause: error });
    }
  },
  settingKeys: () => [settingKey],
  lock: async () => {},
  ...oneDocument(name, (applying, values) => change(applying, values)),
  remove: (applying) => change(applying, notifications.defaults(name)),
  history: { kind: 'notifications' },
};

const change = async ({ db, actor }: Applying, values: Values): Promise<void> => {
  const text = JSON.stringify(documentOf(values));
  await setNotifications({ db, actor }, { text, place: name });
};
