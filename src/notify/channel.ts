/** What a channel is: one way in which people are told. One file in src/notify/channels/ each. */
import type { z } from 'zod';
import type { Emit } from '../events/events.ts';
import type { OutboundAnswer, OutboundRequest } from '../outbound/request.ts';
import type { Message } from './message.ts';

/** How a channel reaches the world; `request` in src/outbound/request.ts, with the hosts that settings allow. */
export interface ChannelContext<Config> {
  /** as the settings have it, with the values of secrets in place of their references */
  config: Config;
  /** Checks the address first, and opens no connection to one that is refused. Throws OutboundError. */
  request: OutboundRequester;
  /** Checks a host and port and returns the address to connect to. Throws OutboundError. */
  resolve(host: string, port: number): Promise<{ address: string; family: 4 | 6 }>;
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

/** The answer's headers have names in small letters. */
type OutboundRequester = (request: OutboundRequest) => Promise<OutboundAnswer>;

/** The receiver has it. */
export interface Sent {
  sent: true;
  /** by which the receiver knows the message: a timestamp of Slack, a Message-ID; null if it knows it by nothing */
  reference: string | null;
  /** what a person has to know of how it went: 'Slack refused its blocks; it was sent as plain text' */
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
   * A part of it is there, known by `reference`: the next try finds that in `before`. `recipients` have all of it, and the
   * next try leaves them out. When no try is left it counts as sent, and `why` becomes its note.
   */
  partly?: { reference: string; recipients: readonly string[] };
  /** 'message': this message will never pass, others may; 'channel': nothing will pass until a person changes the channel */
  final?: 'message' | 'channel';
}

export type Delivery = Sent | NotSent;

export interface Channel<Config = any> {
  /** small letters: 'slack' */
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
