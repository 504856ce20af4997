/**
 * Sends what is due. Only one run at a time holds a channel, so its messages keep their order; a run serves its channels at the
 * same time. Each message is sent outside of any transaction: one commits that its sending begins, a second one how it ended.
 */
import type { Transaction } from 'kysely';
import type { JobContext } from '../../contract/job.ts';
import { stateOf } from '../../data/notify/channels.ts';
import type { Database } from '../../database/connect.ts';
import { retryFaults } from '../../database/faults/retry-faults.ts';
import { giveChannelBack, takeChannels, pauseChannel } from '../../transitions/channels/take.ts';
import { endChannelTicket } from '../../transitions/channels/end-ticket.ts';
import { goneReason, endRemovedChannel } from '../../transitions/channels/end-removed.ts';
import { noteUnusable, noteUsable } from '../../transitions/channels/note-unusable.ts';
import { switchOff } from '../../transitions/channels/switch-off.ts';
import { beginSending, type BegunMessage } from '../../transitions/notifications/begin.ts';
import { endSent, endUnsent } from '../../transitions/notifications/end.ts';
import { holdBack } from '../../transitions/notifications/hold-back.ts';
import { gather } from '../../transitions/notifications/gather.ts';
import type { Channel } from '../channel.ts';
import type { Message } from '../message.ts';
import { channelOf } from '../settings/channel-of.ts';
import { allowedHosts } from '../settings/hosts.ts';
import { readNotifications } from '../settings/read.ts';
import { messageOf, sentBefore } from './facts.ts';
import { nextTry, pauseMs } from './retry.ts';
import { send, type Attempt } from './send.ts';

/** After this time a run begins no further message: the next run sends the rest. */
const maxRunMs = 300_000;

export interface DeliveryFigures {
  sent: number;
  unsent: number;
  repeats: number;
}

export async function deliver(context: JobContext): Promise<DeliveryFigures> {
  const figures = { sent: 0, unsent: 0, repeats: 0 };
  const until = performance.now() + maxRunMs;
  for (;;) {
    context.signal.throwIfAborted();
    const channels = await context.commit((trx) => takeChannels(trx, context.run.id));
    if (channels.length === 0 || performance.now() > until) return figures;
    // An error of one channel is thrown only when all have ended, so that none is still served after the run.
    const served = await Promise.allSettled(
      channels.map((name) => serve(context, name, figures, until)),
    );
    for (const each of served) if (each.status === 'rejected') throw each.reason;
  }
}

interface NextSending {
  begun: BegunMessage;
  /** the tries before this one could not use the channel */
  wasUnusable: boolean;
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
    const { begun, wasUnusable, message, channel, config, hosts, before } = next;
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
    // If the process stops, it is not known whether the receiver has the message: the next process sends it again and says so.
    if (!delivery.sent) signal.throwIfAborted();
    await retryFaults({ signal }, () => end(context, name, { begun, wasUnusable }, delivery));
    figures[delivery.sent ? 'sent' : 'unsent'] += 1;
  }
}

/** Begins the next sending on this channel; if nothing is due, gives the channel back and returns null. */
const begin = (context: JobContext, name: string): Promise<NextSending | null> =>
  context.commit(async (trx) => {
    const settings = await readNotifications(trx);
    const configured = channelOf(settings, name);
    if (!configured) {
      await endRemovedChannel(trx, name, { by: 'roundsman', reason: goneReason });
      await giveChannelBack(trx, name, context.run.id);
      return null;
    }
    const state = await stateOf(trx, name, context.run.id);
    if (state) {
      await holdBack(trx, name);
      await gather(trx, name);
    }
    for (;;) {
      const begun = state ? await beginSending(trx, name) : null;
      if (!state || !begun) {
        await giveChannelBack(trx, name, context.run.id);
        return null;
      }
      const message = await messageOf(trx, begun);
      if (!message) {
        const why = begun.kind === 'report' ? 'its report is gone' : 'its ticket is gone';
        await endUnsent(trx, begun.id, { error: why, delayMs: null, reason: why });
        continue;
      }
      const before = begun.ticket_id === null ? null : await sentBefore(trx, name, begun.ticket_id);
      const hosts = await allowedHosts(trx, settings);
      return { begun, wasUnusable: state.isUnusable, message, ...configured, hosts, before };
    }
  });

async function end(
  { commit, emit }: JobContext,
  name: string,
  { begun, wasUnusable }: Pick<NextSending, 'begun' | 'wasUnusable'>,
  attempt: Attempt,
): Promise<void> {
  const { id, tries, attempts, age_ms: ageMs, reference: earlier } = begun;
  const facts = { message: id, channel: name, attempt: attempts };
  const isUsableAgain = wasUnusable && attempt.usable === true;
  /** Changes the message and what is known of its channel. Locks in this order: the channel's ticket, the message, the channel. */
  const write = (change: (trx: Transaction<Database>) => Promise<unknown>) =>
    commit(async (trx) => {
      if (isUsableAgain)
        await endChannelTicket(trx, name, 'roundsman', `The channel ${name} can be used again.`);
      await change(trx);
      if (isUsableAgain) await noteUsable(trx, name);
    });
  if (attempt.sent) {
    const { reference, note = null } = attempt;
    await write((trx) => endSent(trx, id, { reference, note }));
    return emit('message.sent', facts);
  }
  const { why, final, retryAfterMs: askedMs, mayHaveArrived = false, partly, usable } = attempt;
  const next =
    final === 'message' ? null : nextTry({ tries, attempts, ageMs }, { askedMs, usable });
  const reference = partly?.reference ?? earlier;
  if (next === null && final !== 'channel' && reference !== null) {
    await write((trx) => endSent(trx, id, { reference, note: `not all of it arrived: ${why}` }));
    return emit('message.sent', facts);
  }
  const reason = next !== null ? null : final ? 'the receiver refuses it' : 'no try is left';
  await write(async (trx) => {
    await endUnsent(trx, id, {
      error: why,
      delayMs: final === 'channel' ? 0 : (next?.delayMs ?? null),
      reason,
      mayHaveArrived,
      usesUpTry: next?.counts ?? true,
      partly,
    });
    if (usable === false) await noteUnusable(trx, name, { why, isAgain: attempts > 1 });
    if (final === 'channel') await switchOff(trx, name, why);
    else if (askedMs !== undefined) await pauseChannel(trx, name, pauseMs(askedMs));
  });
  if (final === 'channel') emit('channel.off', { channel: name, why });
  else emit('message.unsent', { ...facts, why, again: next !== null });
}
