/** What is known of a kind of sender: how it proves its deliveries, and what these say. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Severity } from '../../ground/severity.ts';

/** What a sender says about one problem, in our words. All texts are bounded. */
export interface Alarm {
  /** the sender's own grouping key: alarms with the same key are one problem */
  key: string;
  state: 'firing' | 'resolved';
  /** null where the sender does not say */
  severity: Severity | null;
  title: string;
  description: string | null;
  /** what is broken, as the sender names it; it stays the same for a key */
  component: string;
  /** an address for people */
  link: string | null;
  /** when it happened, as the sender says: an ISO text */
  at: string | null;
  /**
   * Of a resolved one: why the sender reports it no more, where that is not because the problem is gone, such as `MissingSeries`. Then it is
   * not known whether it is, and no remedy is judged by it.
   */
  unverified?: string;
}

/** One request as it arrived. */
export interface Arrival {
  headers: IncomingHttpHeaders;
  /** the bytes that were sent */
  body: Buffer;
}

export interface NamedSecret {
  name: string;
  value: string;
}

/** What a delivery says. */
export interface Reading {
  /** the sender's word for the kind of event */
  event: string;
  /** when the sender says that it happened; null where it does not say, and then its age is not known */
  sentAt: Date | null;
  /** empty for an event that says nothing about an alarm */
  alarms: Alarm[];
}

/** What a source's own config says about how its deliveries are read. */
export interface ReadingRules {
  firing: readonly string[];
  resolved: readonly string[];
  fields: Readonly<Record<string, string>>;
}

/** Why no delivery raises an alarm, and why none ends one, a clause each; null where that is not so. */
export interface Lacking {
  alarms: string | null;
  ends: string | null;
}

/** When the same content as before is not a repetition of a failed sending. */
export interface Again {
  /** so many seconds after the last time */
  afterSeconds: number;
  /** also sooner, where another state of the same alarm has arrived since */
  whenOvertaken?: true;
  /** Whether the request may have been sent now, as far as is known: a copy of an old one never counts again. It may be, unless given. */
  isNow?(arrival: Arrival, now: Date): boolean;
}

export interface SourceKind {
  name: string;
  /** what the sender is called */
  title: string;
  /** what the secret is, and where it is found or entered at the sender */
  secret: string;
  /** what else has to be set at the sender, one sentence each */
  setUp: readonly string[];
  /** Why the value cannot be a secret of this kind; null if it can. The text does not repeat it. */
  whyUnusable?(value: string): string | null;
  /**
   * Whether this secret proves the request, by the sender's documented scheme and in constant time, and whether its signed time lies within
   * five minutes of `now` where the scheme has one. Throws nothing.
   */
  proves(arrival: Arrival, secret: string, now: Date): boolean | Promise<boolean>;
  /**
   * The document is our own: its author is told with 400 what does not fit. What another system sends is stored all the same, because it
   * would only send it again.
   */
  isOurs?: true;
  /** What the sender calls the delivery, where that is a part of what it signs; null: its content says which one it is. */
  idOf(arrival: Arrival, document: unknown): string | null;
  /** How the same content may come again and mean another occurrence; without it, it never does. */
  again?: Again;
  /**
   * `at` of its alarms is when their state came about, so that a state which arrives late is known as the older one. Without it the order in
   * which deliveries arrive counts.
   */
  isTimed?: true;
  /** By how many milliseconds `at` may be older than another one and its state the newer one all the same; 0 unless given. */
  slackMs?: number;
  /** What these rules lack. Without it, they need nothing. */
  lacks?(rules: ReadingRules): Lacking;
  /** Throws {@link UnreadableError} for a document that is not of the documented shape. */
  read(document: unknown, headers: IncomingHttpHeaders, rules: ReadingRules): Reading;
  /** A delivery that says nothing bad, as the sender would send it; for `sources test`. */
  example(key: string, now: Date): { document: unknown; headers?: Record<string, string> };
  /** The headers with which the sender would prove this body. */
  sign(
    body: string,
    secret: string,
    now: Date,
  ): Record<string, string> | Promise<Record<string, string>>;
}

/** The document does not have the shape that the sender documents; the message names the field. */
export class UnreadableError extends Error {
  override readonly name = 'UnreadableError';
}

const notDocumented = 'it is not as ';

/** Why a delivery of a sender is stored and not read: its document has another shape. */
export const unreadable = (title: string, why: string): string =>
  `${notDocumented}${title} documents it: ${why}`;

/** Whether a delivery is not read for this reason. */
export const isUnreadable = (ignored: string | null): boolean =>
  ignored !== null && ignored.startsWith(notDocumented);

/** Times of signatures may differ from the present by this much, as Stripe and Standard Webhooks recommend. */
export const toleranceMs = 5 * 60 * 1_000;
