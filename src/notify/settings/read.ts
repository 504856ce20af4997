import type { Db } from '../../database/connect.ts';
import { RoundsmanError } from '../../ground/errors.ts';
import { issueInWords, placeInWords, writtenPath } from '../../policy/issue-words.ts';
import { notifications, type Notifications } from './schema.ts';

/** The most mistakes that one message names. */
const maxProblems = 5;

export const settingKey = 'notifications';

/** A statement has written a document into the setting that cannot be used. */
export class BadNotificationsError extends RoundsmanError {
  constructor(why: string) {
    super({
      what: 'the setting notifications cannot be used',
      why,
      hint: '`npx roundsman notify show` shows it, and `npx roundsman notify set FILE` sets another one; until then events wait',
    });
  }
}

/** The document as it was set; undefined where there is none. */
export async function storedDocument(db: Db): Promise<unknown> {
  const row = await db
    .selectFrom('engine.settings')
    .select('value')
    .where('key', '=', settingKey)
    .executeTakeFirst();
  return row?.value ?? undefined;
}

/** Null where nothing is set: then people are told of nothing. Throws {@link BadNotificationsError}. */
export async function readNotifications(db: Db): Promise<Notifications | null> {
  const stored = await storedDocument(db);
  if (stored === undefined) return null;
  const read = notifications.safeParse(stored);
  if (read.success) return read.data;
  const why = read.error.issues.map((issue) =>
    [placeInWords(writtenPath(issue.path, stored)), issueInWords(issue)].filter(Boolean).join(': '),
  );
  throw new BadNotificationsError(why.slice(0, maxProblems).join('; '));
}
