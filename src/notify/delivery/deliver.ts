/**
 * Sends what is due. One run holds a channel at a time, so the order on it is kept; its channels are served beside each
 * other. Each message is sent outside of any transaction: one commits that its sending begins, a second one how it ended.
 */
import type { JobContext } from '../../contract/job.ts';
import { mayUse } from '../../data/notify/channels.ts';
import { retryFaults } from '../../database/faults/retry-faults.ts';
import { letGo, takeChannels, waitUntil } from '../../transitions/channels/take.ts';
import { switchOff } from '../../transitions/channels/switch-off.ts';
import { beginSending, type Begun } from '../../transitions/notifications/begin.ts';
import { endSent, endUnsent } from '../../transitions/notifications/end.ts';
import { failChannel } from '../../transitions/notifications/fail-channel.ts';
import { holdBack } from '../../transitions/notifications/hold-back.ts';
import { gather } from '../../transitions/notifications/gather.ts';
import type { Channel, Delivery } from '../channel.ts';
import type { Message } from '../message.ts';
import { channelOf } from '../settings/channel-of.ts';
import { allowedHosts } from '../settings/hosts.ts';
import { readNotifications } from '../settings/read.ts';
import { messageOf, sentBefore } from './facts.ts';
import { nextTry, pauseMs } from './retry.ts';
import { send } from './send.ts';

/** After this time a run takes nothing new, and leaves the rest to the next one. */
const longestMs = 300_000;

export interface DeliveryFigures {
  sent: number;
  unsent: number;
  repeats: number;
}

export async function deliver(context: JobContext): Promise<DeliveryFigures> {
  const figures = { sent: 0, unsent: 0, repeats: 0 };
  const until = performance.now() + longestMs;
  for (;;) {
    context.signal.throwIfAborted();
    const channels = await context.commit((trx) => takeChannels(trx, context.run.id));
    if (channels.length === 0 || performance.now() > until) return figures;
    // All of them end before the run does: what a faulty one throws is thrown only then.
    const served = await Promise.allSettled(
      channels.map((name) => serve(context, name, figures, until)),
    );
    for (const each of served) if (each.status === 'rejected') throw each.reason;
  }
}

interface Next {
  begun: Begun;
  message: Message;
  channel: Channel;
  config: object;
  hosts: unknown[];
  before: { first: string; last: string } | null;
}

/** Sends what is due on one channel, one message after the other. */
async function serve(
  context: JobContext,
  name: string,
  figures: DeliveryFigures,
  until: number,
): Promise<void> {
  while (performance.now() < until) {
    const next = await begin(context, name);
    if (!next) return;
    const { begun, message, channel, config, hosts, before } = next;
    figures.repeats += Math.min(begun.repeats, 1);
    if (begun.repeats > 0)
      context.emit('message.repeated', {
        message: begun.id,
        channel: name,
        repeats: begun.repeats,
      });
    const { signal, emit, openSecrets } = context;
    const delivery = await send(message, {
      channel,
      config,
      hosts,
      before,
      reached: begun.reached,
      signal,
      emit,
      openSecrets,
    });
    // A process that stops leaves it open whether the receiver has it: the next one repeats it and says so.
    if (!delivery.sent) signal.throwIfAborted();
    await retryFaults({ signal }, () => end(context, name, begun, delivery));
    figures[delivery.sent ? 'sent' : 'unsent'] += 1;
  }
}

/** Null, and the channel is let go of, when nothing is due on it. */
const begin = (context: JobContext, name: string): Promise<Next | null> =>
  context.commit(async (trx) => {
    const settings = await readNotifications(trx);
    const known = channelOf(settings, name);
    if (!known) {
      await failChannel(trx, name, 'the settings have no such channel any more');
      await letGo(trx, name, context.run.id);
      return null;
    }
    const isOurs = await mayUse(trx, name, context.run.id);
    if (isOurs) {
      await holdBack(trx, name);
      await gather(trx, name);
    }
    for (;;) {
      const begun = isOurs ? await beginSending(trx, name) : null;
      if (!begun) {
        await letGo(trx, name, context.run.id);
        return null;
      }
      const message = await messageOf(trx, begun);
      if (!message) {
        const why = 'its ticket is gone';
        await endUnsent(trx, begun.id, { why, delayMs: null, reason: why });
        continue;
      }
      const before = begun.ticket_id === null ? null : await sentBefore(trx, name, begun.ticket_id);
      const hosts = await allowedHosts(trx, settings);
      return { begun, message, ...known, hosts, before };
    }
  });

async function end(
  { commit, emit }: JobContext,
  name: string,
  { id, tries, attempts, age_ms: ageMs, reference: there }: Begun,
  delivery: Delivery,
): Promise<void> {
  const said = { message: id, channel: name, attempt: attempts };
  if (delivery.sent) {
    const { reference, note = null } = delivery;
    await commit((trx) => endSent(trx, id, { reference, note }));
    return emit('message.sent', said);
  }
  const { why, final, retryAfterMs, mayBeThere = false, partly } = delivery;
  const next = final === 'message' ? null : nextTry({ tries, attempts, ageMs }, retryAfterMs);
  const reference = partly?.reference ?? there;
  if (next === null && final !== 'channel' && reference !== null) {
    await commit((trx) => endSent(trx, id, { reference, note: `not all of it arrived: ${why}` }));
    return emit('message.sent', said);
  }
  const reason = next !== null ? null : final ? 'the receiver refuses it' : 'no try is left';
  await commit(async (trx) => {
    await endUnsent(trx, id, {
      why,
      delayMs: final === 'channel' ? 0 : (next?.delayMs ?? null),
      reason,
      mayBeThere,
      counts: next?.counts ?? true,
      partly,
    });
    if (final === 'channel') await switchOff(trx, name, why);
    else if (retryAfterMs !== undefined) await waitUntil(trx, name, pauseMs(retryAfterMs));
  });
  if (final === 'channel') emit('channel.off', { channel: name, why });
  else emit('message.unsent', { ...said, why, again: next !== null });
}
