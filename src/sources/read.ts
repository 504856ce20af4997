/** What a batch of deliveries means for the findings of their source. */
import type { Figure, ReportedFinding } from '../contract/finding.ts';
import type { UnreadDelivery } from '../data/sources/deliveries.ts';
import type { SourceConfig } from './config.ts';
import { isUnreadable, type Alarm } from './reading/kind.ts';
import type { Order } from './order.ts';

/** A key of an alarm never meets a key of the source's own findings. */
export const keyOfAlarm = (key: string): string => `alarm/${key}`;

/** What the deliveries say about one key. */
interface Heard {
  newest: Alarm;
  /** the newest alarm that fires */
  firing: Alarm | null;
  /** when the delivery of the newest state arrived */
  receivedAt: Date;
  /** how many deliveries fire */
  times: number;
}

export interface Batch {
  examined: string[];
  /** keys that the sender reports no more although it is not known that they are gone, and why */
  unreported: { key: string; why: string }[];
  findings: ReportedFinding[];
  figures: Figure[];
  /** the newest delivery whose document is not as its sender documents it; null where there is none */
  unreadable: UnreadableDeliveries | null;
}

export interface UnreadableDeliveries {
  count: number;
  why: string;
  receivedAt: Date;
}

/**
 * The last state of each key counts. A key that fires is reported, with the number of its deliveries as `times`; a key that is resolved is
 * examined and not reported; or no longer reported, where the sender says so. Keys that no delivery names are not in the result. A state that is older than another one which `order` knows
 * says nothing.
 */
export function readBatch(
  deliveries: readonly UnreadDelivery[],
  { severity, category, kind }: SourceConfig,
  { source, order }: { source: string; order: Order },
): Batch {
  const heard = new Map<string, Heard>();
  let late = 0;
  for (const { alarms, ignored, received_at } of deliveries)
    if (ignored === null)
      for (const alarm of alarms as Alarm[]) {
        if (order.isLate(alarm, received_at)) {
          late += 1;
          continue;
        }
        const before = heard.get(alarm.key);
        const fires = alarm.state === 'firing';
        heard.set(alarm.key, {
          newest: alarm,
          firing: fires ? alarm : (before?.firing ?? null),
          times: (before?.times ?? 0) + Number(fires),
          receivedAt: received_at,
        });
      }
  const entries = [...heard];
  const short = entries.filter(([, { newest, firing }]) => newest.state === 'resolved' && firing);
  return {
    examined: entries.flatMap(([key, { newest }]) =>
      newest.unverified === undefined ? [keyOfAlarm(key)] : [],
    ),
    unreported: entries.flatMap(([key, { newest }]) =>
      newest.unverified === undefined ? [] : [{ key: keyOfAlarm(key), why: newest.unverified }],
    ),
    findings: entries.flatMap(([key, { newest, times, receivedAt }]) =>
      newest.state === 'firing'
        ? [
            {
              severity: newest.severity ?? severity,
              category,
              title: newest.title,
              ...(newest.description !== null && { description: newest.description }),
              component: newest.component,
              key: keyOfAlarm(key),
              metadata: {
                source,
                kind,
                alarm: key,
                link: newest.link,
                at: newest.at,
                // After a restore people are not told once more of what arrived before it (src/notify/routing/read-events.ts).
                received_at: receivedAt.toISOString(),
              },
              times,
              // The sender has judged it already, and may say it only once.
              certain: true,
            },
          ]
        : [],
    ),
    figures: figures([
      ['deliveries', deliveries.length],
      ['alarms that fire', entries.filter(([, { newest }]) => newest.state === 'firing').length],
      [
        'alarms that are resolved',
        entries.filter(([, { newest }]) => newest.state === 'resolved').length,
      ],
      [
        'alarms that are no longer reported',
        entries.filter(([, { newest }]) => newest.unverified !== undefined).length,
      ],
      ['alarms that fired and were resolved since', short.length],
      ['alarms that a newer state had overtaken', late],
      ['deliveries that are not read', deliveries.filter(({ ignored }) => ignored !== null).length],
    ]),
    unreadable: unreadableOf(deliveries),
  };
}

function unreadableOf(deliveries: readonly UnreadDelivery[]): UnreadableDeliveries | null {
  const found = deliveries.filter(({ ignored }) => isUnreadable(ignored));
  const newest = found.at(-1);
  return newest
    ? { count: found.length, why: newest.ignored!, receivedAt: newest.received_at }
    : null;
}

const figures = (all: [string, number][]): Figure[] =>
  all.map(([name, value]) => ({ name, value }));
