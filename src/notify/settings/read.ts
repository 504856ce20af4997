import type { Db } from '../../database/connect.ts';
import { RoundsmanError } from '../../ground/errors.ts';
import { fitting, printable } from '../../ground/text.ts';
import { issueWithPlace } from '../../policy/issue-words.ts';
import { notifications, type Notifications } from './schema.ts';
import { storedDocument } from './stored.ts';

/** How many mistakes one message names, and its length: a statement may have written anything. */
const maxProblems = 5;
const maxCharacters = 500;

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

/** Null if nothing is set: then people are told of nothing. Throws {@link BadNotificationsError}. */
export async function readNotifications(db: Db): Promise<Notifications | null> {
  const stored = await storedDocument(db);
  if (stored === undefined) return null;
  const read = notifications.safeParse(stored);
  if (read.success) return read.data;
  const why = read.error.issues.map((issue) => issueWithPlace(issue, stored));
  throw new BadNotificationsError(
    fitting(printable(why.slice(0, maxProblems).join('; ')), maxCharacters),
  );
}
