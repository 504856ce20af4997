/** One attempt to send one message: secrets are opened, the channel's kind sends it, and what comes back is made safe. */
import type { JobContext } from '../../contract/job.ts';
import type { Opened } from '../../data/secrets/open.ts';
import { messageOf as textOf } from '../../ground/errors.ts';
import { faultBehind } from '../../database/faults/fault-behind.ts';
import { openRedaction } from '../../ground/secrets/redact.ts';
import { filledIn, referenceTo, secretsNamedIn } from '../../ground/secrets/secret-reference.ts';
import { fitting, storable } from '../../ground/text.ts';
import { resolveHost } from '../../outbound/resolve.ts';
import { request } from '../../outbound/request.ts';
import type { Channel, ChannelContext, Delivery, NotSent } from '../channel.ts';
import type { Message } from '../message.ts';

/** How long one attempt may take, from the lookup of the receiver's name to the last byte of its answer. */
export const deadlineMs = 15_000;

/** How long after the deadline a channel may still report its result: a part may have arrived, or all of it. */
const graceMs = 1_000;

const maxCharacters = 500;

export interface SendOptions {
  channel: Channel;
  /** as the settings have it, with references to secrets */
  config: object;
  /** receivers whose addresses need not be public */
  hosts: unknown;
  openSecrets: (names: readonly string[]) => Promise<Opened[]>;
  before: ChannelContext<unknown>['before'];
  reached: ChannelContext<unknown>['reached'];
  signal: AbortSignal;
  emit?: JobContext['emit'];
}

export type Attempt = Delivery & {
  /** whether the secrets of the channel could be opened and fit its config; null if that is not known */
  usable: boolean | null;
};

/** Never rejects: for a message that cannot be sent the result says why, without secrets. */
export async function send(message: Message, options: SendOptions): Promise<Attempt> {
  const { channel, config, hosts, emit, before, reached } = options;
  const redaction = openRedaction();
  const deadline = AbortSignal.timeout(deadlineMs);
  const signal = AbortSignal.any([options.signal, deadline]);
  const clean = (text: string): string => fitting(storable(redaction.text(text)), maxCharacters);
  let hasBegun = false;
  try {
    const opened = await options.openSecrets(secretsNamedIn(config));
    redaction.learn(opened.map(({ name, value }) => ({ value, as: referenceTo(name) })));
    const limits = { hosts, publicly: true, signal, timeoutMs: deadlineMs };
    const read = channel.config.safeParse(withValues(config, opened));
    if (!read.success) {
      const why = 'its config does not fit with the values of its secrets';
      return { sent: false, why, usable: false };
    }
    const context: ChannelContext<unknown> = {
      config: read.data,
      request: (outgoing, more) => request(outgoing, { ...limits, ...more }),
      resolve: (host, port) => resolveHost(host, port, limits),
      signal,
      before,
      reached,
      ...(emit && { emit }),
    };
    hasBegun = true;
    const delivery = await untilDeadline(channel.deliver(message, context), signal);
    if (!delivery.sent) {
      const why = clean(deadline.aborted ? tooLate(delivery) : delivery.why);
      return { ...delivery, why, usable: true };
    }
    return {
      ...delivery,
      usable: true,
      reference: delivery.reference === null ? null : clean(delivery.reference),
      ...(delivery.note !== undefined && { note: clean(delivery.note) }),
    };
  } catch (error) {
    // A channel that has begun may have sent the message before it threw.
    const unsent: NotSent = {
      sent: false,
      why: textOf(error),
      ...(hasBegun && { mayHaveArrived: true }),
    };
    const usable = hasBegun ? true : faultBehind(error) === 'secret' ? false : null;
    return { ...unsent, why: clean(deadline.aborted ? tooLate(unsent) : unsent.why), usable };
  }
}

const tooLate = ({ mayHaveArrived }: NotSent): string =>
  `no answer within ${deadlineMs / 1_000} s${mayHaveArrived ? '; it is not known whether the receiver took it, so a repeat may come' : ''}`;

/** Waits no longer than until shortly after the deadline: a channel that ignores the signal delays only its own messages. */
function untilDeadline(work: Promise<Delivery>, signal: AbortSignal): Promise<Delivery> {
  const { promise, reject } = Promise.withResolvers<never>();
  let waiting: NodeJS.Timeout | undefined;
  const stop = () => {
    waiting = setTimeout(() => reject(signal.reason as Error), graceMs);
  };
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  return Promise.race([work, promise]).finally(() => {
    signal.removeEventListener('abort', stop);
    clearTimeout(waiting);
  });
}

function withValues(config: unknown, opened: readonly Opened[]): unknown {
  const values = new Map(opened.map(({ name, value }) => [name, value]));
  const fill = (value: unknown): unknown => {
    if (typeof value === 'string') return filledIn(value, (name) => values.get(name) ?? '');
    if (Array.isArray(value)) return value.map(fill);
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, fill(each)]));
  };
  return fill(config);
}
