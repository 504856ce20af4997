import { randomUUID } from 'node:crypto';
import type { Config } from '../../config.ts';
import type { Db } from '../../database/connect.ts';
import type { Emit } from '../../events/events.ts';
import { openRedaction } from '../../ground/secrets/redact.ts';
import type { Delivery } from '../../notify/channel.ts';
import { send } from '../../notify/delivery/send.ts';
import { allowedHosts } from '../../notify/settings/hosts.ts';
import { openSecrets } from '../../run/secrets.ts';
import { authorise, type Actor } from '../actor.ts';
import { channelsNamed } from './channels.ts';

/**
 * Sends a test through a channel now, from this process, with the secrets that open here, even if the channel is off. It is
 * not stored. For operators. Throws NotFoundError.
 */
export async function testChannel(
  { db, actor, config, emit }: { db: Db; actor: Actor; config: Config; emit: Emit },
  { channel: given, signal }: { channel: string; signal: AbortSignal },
): Promise<{ channel: string; kind: string; id: string; delivery: Delivery }> {
  authorise(actor, 'send a test', 'operator');
  const { settings, channels } = await channelsNamed(db, given);
  const [{ name, channel, config: channelConfig }] = channels as [(typeof channels)[number]];
  const secrets = openSecrets(db, config, openRedaction(), emit);
  const message = {
    kind: 'test',
    id: randomUUID(),
    repeats: 0,
    asked_by: actor.name,
  } as const;
  const delivery = await send(message, {
    channel,
    config: channelConfig,
    hosts: await allowedHosts(db, settings),
    openSecrets: (names) => secrets.open(names),
    before: null,
    reached: [],
    signal,
    emit,
  });
  return { channel: name, kind: channel.kind, id: message.id, delivery };
}
