/** What a channel is: one way in which people are told. One file in src/notify/channels/ each. */
import type { z } from 'zod';
import type { Emit } from '../events/events.ts';
import type { OutboundAnswer, OutboundRequest } from '../outbound/request.ts';
import type { Message } from './message.ts';

/** How a channel reaches the world; `request` in src/outbound/request.ts, with the hosts that settings allow. */
export interface ChannelContext<Config> {
  /** as the settings have it, with the values of secrets in place of their references */
  config: Config;
  /** Judges the address first, and opens no connection to one that is refused. Throws OutboundError. */
  request: OutboundRequester;
  /** Judges a host and port and returns the address to connect to. Throws OutboundError. */
  resolve(host: string, port: number): Promise<{ address: string; family: 4 | 6 }>;
  /** aborts at the deadline of one attempt, and when the process stops */
  signal: AbortSignal;
  /** reports an event of this process, which its log writes; absent where a person only asks */
  emit?: Emit;
  /**
   * What {@link Sent} said of the ticket's first message here, and of its newest one; null where there was none. A
   * channel that edits uses the first, one that replies the newest.
   */
  before: { first: string; last: string } | null;
  /** who of the recipients has this message from an earlier try: it is not sent to them again */
  reached: readonly string[];
}

/** The answer's headers have names in small letters. */
type OutboundRequester = (request: OutboundRequest) => Promise<OutboundAnswer>;

/** The receiver has it. */
export interface Sent {
  sent: true;
  /** by which the receiver knows the message: a timestamp of Slack, a Message-ID; null where it has no name */
  reference: string | null;
  /** what a person has to know of how it went: 'Slack refused its blocks; it was sent as plain text' */
  note?: string;
}

/** The receiver has it not, or it is not known. */
export interface NotSent {
  sent: false;
  /** for a person, without secrets */
  why: string;
  /** the receiver asked to wait this long */
  retryAfterMs?: number;
  /** The receiver may have it all the same: another try is a repeat, which says so. */
  mayBeThere?: true;
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
  /** Does it show a change of a ticket in the message that stands already? Such changes are sent at once. */
  edits(config: Config): boolean;
  /** Never throws for an answer of the receiver: that is a {@link NotSent}. */
  deliver(message: Message, context: ChannelContext<Config>): Promise<Delivery>;
  /** As it would look to a reader, in lines of plain text. Needs no network and no secret. */
  preview(message: Message, config: Config): string;
}

export const defineChannel = <Config>(channel: Channel<Config>): Channel<Config> => channel;
