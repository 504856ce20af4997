/** Takes what other systems send: proves it, reads it, and writes it before it is answered. */
import { createHash } from 'node:crypto';
import { openBatches, type WaitingItem } from '../../batch/batches.ts';
import type { SecretSources } from '../../data/secrets/open.ts';
import {
  receiveDeliveries,
  type NewDelivery,
  type Received,
} from '../../data/sources/deliveries.ts';
import type { Db } from '../../database/connect.ts';
import type { Emit } from '../../events/events.ts';
import { plain } from '../../ground/plain.ts';
import { withoutCredentials } from '../../ground/secrets/literal-credentials.ts';
import type { Redaction } from '../../ground/secrets/redact.ts';
import { fitting, printable, storable } from '../../ground/text.ts';
import { parseBounded } from '../../remote/json.ts';
import { alarmWithoutCredentials } from '../../sources/reading/credentials.ts';
import {
  unreadable,
  UnreadableError,
  type Alarm,
  type Arrival,
  type Reading,
} from '../../sources/reading/kind.ts';
import { openRates } from './rate.ts';
import { openRegistry, type Source } from './registry.ts';

/**
 * `accepted`: it is committed, now or before. `unproven`: there is no such source, or none of its secrets proves the request; the
 * answer does not say which. `busy`: the source sends more than it may.
 */
export type Answer =
  | { kind: 'accepted' }
  | { kind: 'unproven' }
  | { kind: 'busy'; retryAfterSeconds: number }
  | { kind: 'no json' }
  /** it is not as the document of `plain` is described */
  | { kind: 'unfit'; why: string };

export interface Receiver {
  /** Rejects while the database cannot be reached; then nothing is known of the delivery, and the sender sends it again. */
  receive(db: Db, source: string, arrival: Arrival): Promise<Answer>;
}

interface Item extends WaitingItem {
  db: Db;
  delivery: NewDelivery;
  settle(outcome: { received: Received } | { error: unknown }): void;
}

/** How many characters of deliveries one commit takes at most, beside one that is larger. */
const maxCharacters = 2_000_000;

/** How long an event may lie in the future, as its sender says, before its time is not believed. */
const maxAheadMs = 5 * 60_000;

/** How often the same refusal of a source is reported at most. */
const reportEveryMs = 60_000;

export function openReceiver({
  secretSources,
  emit,
}: {
  secretSources: SecretSources;
  emit: Emit;
}): Receiver {
  const registry = openRegistry(secretSources);
  const rates = openRates();
  const reported = new Map<string, number>();
  // One commit at a time: what arrives meanwhile goes into the next one.
  const batches = openBatches<Item>(1, maxCharacters, async (items) => {
    const deliveries = items.map(({ delivery }) => delivery);
    try {
      const answers = await receiveDeliveries(items[0]!.db, deliveries);
      for (const [index, { settle }] of items.entries()) settle({ received: answers[index]! });
    } catch (error) {
      for (const { settle } of items) settle({ error });
    }
    return [];
  });

  function refused(source: string, why: string): void {
    const key = `${source}\n${why}`;
    const now = performance.now();
    if (now - (reported.get(key) ?? -Infinity) < reportEveryMs) return;
    if (reported.size > 1_000) reported.clear();
    reported.set(key, now);
    emit('source.refused', { source, why });
  }

  async function write(db: Db, delivery: NewDelivery): Promise<Received> {
    const { promise, resolve } = Promise.withResolvers<Parameters<Item['settle']>[0]>();
    const weight = JSON.stringify(delivery.alarms).length + 500;
    const since = performance.now();
    batches.add({ db, delivery, settle: resolve, key: null, weight, alone: false, since });
    const outcome = await promise;
    if ('error' in outcome) throw outcome.error;
    return outcome.received;
  }

  return {
    async receive(db, name, arrival) {
      const { source, now } = await registry.find(db, name);
      if (!source) return { kind: 'unproven' };
      for (const problem of source.problems) refused(name, problem);
      const secret = await provingSecret(source, arrival, now);
      if (secret === null) {
        if (source.problems.length === 0)
          refused(name, 'no secret proves it: the signature is wrong, or its time is not now');
        return { kind: 'unproven' };
      }
      const retryAfterSeconds = rates.take(name, source.config.rate_per_minute);
      if (retryAfterSeconds > 0) {
        refused(name, `it sends more than ${source.config.rate_per_minute} deliveries a minute`);
        return { kind: 'busy', retryAfterSeconds };
      }
      const document = readJson(arrival.body);
      if (document === undefined) return { kind: 'no json' };
      const delivery = deliveryOf(source, { arrival, document, secret, now });
      if ('unfit' in delivery) return { kind: 'unfit', why: delivery.unfit };
      const received = await write(db, delivery);
      return { kind: received === 'gone' ? 'unproven' : 'accepted' };
    },
  };
}

/** The name of the secret that proves the request. Each is tried, so that the time does not say which one it was. */
async function provingSecret(
  { kind, secrets }: Source,
  arrival: Arrival,
  now: Date,
): Promise<string | null> {
  let proving: string | null = null;
  for (const { name, value } of secrets)
    if ((await kind.proves(arrival, value, now)) && proving === null) proving = name;
  return proving;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Undefined for what is no UTF-8, no JSON, or nested too deep. */
function readJson(body: Buffer): unknown {
  try {
    return parseBounded(utf8.decode(body));
  } catch {
    return undefined;
  }
}

const isClean = (id: string, redaction: Redaction): boolean =>
  redaction.text(id) === id && withoutCredentials(id) === id;

interface Proven {
  arrival: Arrival;
  document: unknown;
  secret: string;
  now: Date;
}

function deliveryOf(
  source: Source,
  { arrival, document, secret, now }: Proven,
): NewDelivery | { unfit: string } {
  const { kind, config, botId, redaction } = source;
  let reading: Reading;
  let ignored: string | null = null;
  try {
    // Before texts are cut to their lengths: the beginning of a secret is not recognised.
    reading = kind.read(redaction.value(document), arrival.headers, config);
  } catch (error) {
    if (!(error instanceof UnreadableError)) throw error;
    if (kind.isOurs) return { unfit: redaction.text(printable(fitting(error.message, 500))) };
    ignored = unreadable(kind.title, fitting(error.message, 200));
    reading = { event: 'unknown', sentAt: null, alarms: [] };
  }
  const ageMs = reading.sentAt === null ? 0 : now.getTime() - reading.sentAt.getTime();
  if (ageMs > config.max_age_hours * 3_600_000)
    ignored ??= `it is about ${reading.sentAt!.toISOString()}, more than ${config.max_age_hours} hours before it arrived`;
  const id = kind.idOf(arrival, document);
  const again = id === null && kind.again?.isNow?.(arrival, now) !== false ? kind.again : undefined;
  // An id that holds a secret or a credential is stored as its hash, as one that is too long is.
  return {
    bot_id: botId,
    delivery_id:
      id !== null && id.length <= 200 && id.trim() !== '' && isClean(id, redaction)
        ? storable(id)
        : `sha256:${createHash('sha256')
            .update(id ?? arrival.body)
            .digest('hex')}`,
    again_seconds: again?.afterSeconds ?? null,
    again_overtaken: again?.whenOvertaken ?? false,
    // A time in the future is not believed.
    sent_at: ageMs < -maxAheadMs ? null : (reading.sentAt?.toISOString() ?? null),
    event: withoutCredentials(redaction.text(reading.event)),
    secret,
    // The source's own secrets first: these are named.
    alarms: (redaction.value(plain(reading.alarms)) as Alarm[]).map(alarmWithoutCredentials),
    ignored: ignored === null ? null : withoutCredentials(redaction.text(ignored)),
  };
}
