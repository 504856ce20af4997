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
  /**
   * Where the same content may come again and mean another occurrence: after how many seconds that cannot be a repetition of a failed
   * sending.
   */
  againAfterSeconds?: number;
  /**
   * `at` of its alarms is when their state came about, so that a state which arrives late is known as the older one. Without it the order in
   * which deliveries arrive counts.
   */
  isTimed?: true;
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
