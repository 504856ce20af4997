/** What a channel is: one way in which people are told. One file in src/notify/channels/ each. */
import type { z } from 'zod';
import type { Emit } from '../events/events.ts';
import type { OutboundAnswer, OutboundRequest } from '../outbound/request.ts';
import type { Addresses } from '../outbound/resolve.ts';
import type { Message } from './message.ts';

/** What a channel sends with. `request` is that of src/outbound/request.ts, with the hosts that the settings allow. */
export interface ChannelContext<Config> {
  /** as the settings have it, with the values of secrets in place of their references */
  config: Config;
  /** Checks the address first, and opens no connection to one that is refused. Throws OutboundError. */
  request: OutboundRequester;
  /** Checks a host and port and returns the addresses to connect to, each if those before do not answer. Throws OutboundError. */
  resolve(host: string, port: number): Promise<Addresses>;
  /** aborts at the deadline of one attempt, and when the process stops */
  signal: AbortSignal;
  /** reports an event of this process, which its log writes; absent where a person only asks */
  emit?: Emit;
  /**
   * The references ({@link Sent}) of the ticket's first and newest message in this channel; null if there was none. Slack
   * edits the newest; mail refers to both.
   */
  before: { first: string; last: string } | null;
  /** the recipients that have this message from an earlier try: it is not sent to them again */
  reached: readonly string[];
}

/** The answer's headers have names in lower-case letters. `maxBytes`: of its body, 64 KiB unless given. */
type OutboundRequester = (
  request: OutboundRequest,
  limits?: { maxBytes?: number },
) => Promise<OutboundAnswer>;

/** The receiver has it. */
export interface Sent {
  sent: true;
  /** identifies the message at the receiver: a timestamp of Slack, a Message-ID; null if the receiver has no such name */
  reference: string | null;
  /** what a person has to know about the sending: 'Slack refused its blocks; it was sent as plain text' */
  note?: string;
}

/** The receiver does not have it, or it is not known whether it does. */
export interface NotSent {
  sent: false;
  /** for a person, without secrets */
  why: string;
  /** the receiver asked to wait this long */
  retryAfterMs?: number;
  /** The receiver may have it all the same: another try is a repeat, and the message says so. */
  mayHaveArrived?: true;
  /**
   * The receiver has a part of the message, under `reference`, which the next try gets in `before`. `recipients` have all of
   * the message, and the next try leaves them out. When no try is left, the message counts as sent, and `why` becomes its note.
   */
  partly?: { reference: string; recipients: readonly string[] };
  /** 'message': the receiver will never take this message; 'channel': it takes none until a person changes the channel */
  final?: 'message' | 'channel';
}

export type Delivery = Sent | NotSent;

export interface Channel<Config = any> {
  /** lower-case letters and dashes: 'slack' */
  kind: string;
  /** for a person: what it is, in one line */
  title: string;
  /** What the settings say of one such channel. A text may be a reference `{{secret:NAME}}`. */
  config: z.ZodType<Config>;
  /** Whether it shows a change of a ticket by an edit of the ticket's message. Such changes are sent at once. */
  edits(config: Config): boolean;
  /** Never throws for an answer of the receiver: that is a {@link NotSent}. */
  deliver(message: Message, context: ChannelContext<Config>): Promise<Delivery>;
  /** The message as it would look to a reader, in lines of plain text. Needs no network and no secret. */
  preview(message: Message, config: Config): string;
}

export const defineChannel = <Config>(channel: Channel<Config>): Channel<Config> => channel;
