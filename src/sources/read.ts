/** What a batch of deliveries means for the findings of their source. */
import type { Figure, ReportedFinding } from '../contract/finding.ts';
import type { UnreadDelivery } from '../data/sources/deliveries.ts';
import type { SourceConfig } from './config.ts';
import type { Alarm } from './reading/kind.ts';

/** A key of an alarm never meets a key of the source's own findings. */
export const keyOfAlarm = (key: string): string => `alarm/${key}`;

/** What the deliveries say about one key. */
interface Heard {
  newest: Alarm;
  /** the newest alarm that fires */
  firing: Alarm | null;
  /** how many deliveries fire */
  times: number;
}

export interface Batch {
  examined: string[];
  findings: ReportedFinding[];
  figures: Figure[];
}

/**
 * The last state of each key counts. A key that fires is reported, with the number of its deliveries as `times`; a key that is resolved is
 * examined and not reported. Keys that no delivery names are not in the result.
 */
export function readBatch(
  deliveries: readonly UnreadDelivery[],
  { severity, category, kind }: SourceConfig,
  source: string,
): Batch {
  const heard = new Map<string, Heard>();
  for (const { alarms, ignored } of deliveries)
    if (ignored === null)
      for (const alarm of alarms as Alarm[]) {
        const before = heard.get(alarm.key);
        const fires = alarm.state === 'firing';
        heard.set(alarm.key, {
          newest: alarm,
          firing: fires ? alarm : (before?.firing ?? null),
          times: (before?.times ?? 0) + Number(fires),
        });
      }
  const entries = [...heard];
  const short = entries.filter(([, { newest, firing }]) => newest.state === 'resolved' && firing);
  return {
    examined: entries.map(([key]) => keyOfAlarm(key)),
    findings: entries.flatMap(([key, { newest, times }]) =>
      newest.state === 'firing'
        ? [
            {
              severity: newest.severity ?? severity,
              category,
              title: newest.title,
              ...(newest.description !== null && { description: newest.description }),
              component: newest.component,
              key: keyOfAlarm(key),
              metadata: { source, kind, alarm: key, link: newest.link, at: newest.at },
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
      ['alarms that fired and were resolved since', short.length],
      ['deliveries that are not read', deliveries.filter(({ ignored }) => ignored !== null).length],
    ]),
  };
}

const figures = (all: [string, number][]): Figure[] =>
  all.map(([name, value]) => ({ name, value }));
