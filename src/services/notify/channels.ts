import type { Db } from '../../database/connect.ts';
import { NotFoundError } from '../../ground/errors.ts';
import { didYouMean } from '../../ground/nearest.ts';
import { printable } from '../../ground/text.ts';
import { channelOf } from '../../notify/settings/channel-of.ts';
import { readNotifications } from '../../notify/settings/read.ts';
import type { Notifications } from '../../notify/settings/schema.ts';

/** A channel of the settings, or all of them. Throws NotFoundError. */
export async function channelsNamed(
  db: Db,
  given: string | undefined,
): Promise<{
  settings: Notifications | null;
  channels: ({ name: string } & NonNullable<ReturnType<typeof channelOf>>)[];
}> {
  const settings = await readNotifications(db);
  const names = Object.keys(settings?.channels ?? {});
  if (given !== undefined && !names.includes(given))
    throw new NotFoundError({
      what: `there is no channel ${printable(given) || 'without a name'}`,
      why: names.length > 0 ? `there are ${names.join(', ')}` : 'no channels are set up',
      hint: didYouMean(given, names, '`npx roundsman notify set FILE` sets channels and routes'),
    });
  const wanted = given === undefined ? names : [given];
  return {
    settings,
    channels: wanted.flatMap((name) => {
      const found = channelOf(settings, name);
      return found ? [{ name, ...found }] : [];
    }),
  };
}
