import type { Db } from '../../database/connect.ts';
import { counted } from '../../ground/text.ts';
import { readNotifications } from '../../notify/settings/read.ts';
import type { Facts } from '../progress/facts.ts';
import { fail, ok, warn, type Diagnosis } from './diagnosis.ts';

/** Whether messages about tickets can be sent, and what prevents it; the secrets of channels are examined with all others. */
export async function examineNotifications(
  db: Db,
  { messages, unusable }: Facts,
): Promise<Diagnosis> {
  const subject = 'Messages';
  if (unusable !== null)
    return fail(
      subject,
      `the setting notifications cannot be used: ${unusable}`,
      '`npx roundsman notify set FILE` sets a document that can be used',
    );
  const settings = await readNotifications(db);
  if (!settings)
    return ok(
      subject,
      'no channels are set up, so people are told of nothing; `npx roundsman notify set FILE` sets them up',
    );
  const { off, first_off, failed, pending } = messages;
  if (off > 0)
    return fail(
      subject,
      `${counted(off, 'channel')} off, such as ${first_off}: its receiver refuses all messages`,
      `\`npx roundsman notify list\` says why; \`npx roundsman notify retry ${first_off}\` switches it on`,
    );
  if (failed > 0)
    return warn(
      subject,
      `${counted(failed, 'message')} of the last 24 hours could not be sent`,
      '`npx roundsman notify list --status failed` says why',
    );
  return ok(
    subject,
    `${counted(Object.keys(settings.channels).length, 'channel')}, ${counted(settings.routes.length, 'route')}, ${counted(pending, 'message')} waiting`,
  );
}
