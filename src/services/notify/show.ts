import type { Db } from '../../database/connect.ts';
import { maskCredentials } from '../../ground/secrets/literal-credentials.ts';
import { chooseForReport } from '../../notify/routing/choose.ts';
import { readNotifications } from '../../notify/settings/read.ts';
import { channelNames, storedDocument, whyUnusable } from '../../notify/settings/stored.ts';
import { documentText } from '../../policy/document-text.ts';
import { clockInWords } from '../../policy/words.ts';

export interface ShownNotifications {
  /** as it was set, with `[redacted]` in place of credentials in plain text; null if nothing is set */
  document: unknown;
  /** the same as YAML that a person may edit and set; null if nothing is set */
  text: string | null;
  /** why the document cannot be used, as after a statement by hand; null if it can */
  unusable: string | null;
  /** what is known of each of its channels */
  channels: {
    name: string;
    off_since: Date | null;
    off_reason: string | null;
    unusable_since: Date | null;
    unusable_reason: string | null;
    pending: number;
  }[];
  /** when the morning report is made, and through which channels it is sent; null if nothing is set, or it cannot be used */
  report: { at: string; timezone: string; channels: string[] } | null;
}

/** The keys of the document, in the order in which docs/notifications.md and docs/channels.md write them. */
const keysInOrder = (
  'channels routes report quiet_hours hosts kind repository token app_id installation_id private_key label base_url ' +
  'channel api_url webhook_url host port security helo user password url secret ' +
  'when severities categories bots assignees unassigned at from to timezone days on continue'
).split(' ');

/** The document that is set, also if it cannot be used. */
export async function showNotifications(db: Db): Promise<ShownNotifications> {
  const stored = await storedDocument(db);
  const unusable = await whyUnusable(db);
  const names = channelNames(stored);
  const channels = names.length === 0 ? [] : await channelStates(db, names);
  if (stored === undefined) return { document: null, text: null, unusable, channels, report: null };
  const document = maskCredentials(stored);
  const settings = unusable === null ? await readNotifications(db) : null;
  return {
    document,
    text: documentText(document, keysInOrder),
    unusable,
    channels,
    report: settings && {
      at: clockInWords(settings.report.at),
      timezone: settings.report.timezone,
      channels: chooseForReport(settings).map(({ channel }) => channel),
    },
  };
}

const channelStates = (db: Db, names: string[]) =>
  db
    .selectFrom('engine.channels as c')
    .select(['c.name', 'c.off_since', 'c.off_reason', 'c.unusable_since', 'c.unusable_reason'])
    .select((eb) =>
      eb
        .selectFrom('bot_notifications as n')
        .select((inner) => inner.cast<number>(inner.fn.countAll(), 'integer').as('pending'))
        .whereRef('n.channel', '=', 'c.name')
        .where('n.status', '=', 'pending')
        .$asScalar()
        .$notNull()
        .as('pending'),
    )
    .where('c.name', 'in', names)
    .orderBy('c.name')
    .execute();
