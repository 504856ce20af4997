import { isDeepStrictEqual } from 'node:util';
import type { Transaction } from 'kysely';
import type { JobContext } from '../../contract/job.ts';
import type { Database } from '../../database/connect.ts';
import { chooseForReport } from '../../notify/routing/choose.ts';
import { readNotifications } from '../../notify/settings/read.ts';
import { settingKey } from '../../notify/settings/stored.ts';
import { addChannels } from '../../transitions/channels/take.ts';
import { queueReport } from '../../transitions/notifications/queue-report.ts';
import { dueReport } from './due.ts';
import { makeReport } from './make.ts';

/**
 * The work of the job `send-report`: it makes the report that is due, and stores it and queues its messages in one transaction. If
 * several processes do this at once, or one does it twice, only one report of a morning is stored.
 */
export async function sendReport({
  db,
  commit,
  signal,
  request,
}: Pick<JobContext, 'db' | 'commit' | 'signal' | 'request'>): Promise<{ messages: number }> {
  const due = await dueReport(db);
  if (due === null) return { messages: 0 };
  const report = await makeReport(db, due.bounds);
  signal.throwIfAborted();
  const messages = await commit(async (trx) => {
    await lockNotificationSettings(trx);
    // Meanwhile a person may have changed the settings, or another process may have sent a report about a part of this period.
    if (!isDeepStrictEqual(await dueReport(trx), due)) return null;
    const choices = chooseForReport((await readNotifications(trx))!);
    await addChannels(
      trx,
      choices.map(({ channel }) => channel),
    );
    return queueReport(trx, { ...due, report, choices });
  });
  if (messages) await request('deliver');
  return { messages: messages ?? 0 };
}

/** Only one process at a time stores a report, and no person changes the settings meanwhile. */
const lockNotificationSettings = (trx: Transaction<Database>) =>
  trx
    .selectFrom('engine.settings')
    .select('key')
    .where('key', '=', settingKey)
    .forNoKeyUpdate()
    .execute();
