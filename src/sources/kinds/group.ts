/** The documents of Alertmanager and of those that send the same: a group of alerts with a key (webhook version 4). */
import { severities } from '../../ground/severity.ts';
import {
  at,
  boundedKey,
  component,
  description,
  firstText,
  linkIn,
  needFields,
  needList,
  needText,
  severityIn,
  textAt,
  timeAt,
  title,
  word,
} from '../reading/fields.ts';
import { UnreadableError, type Again, type Reading } from '../reading/kind.ts';

/** Labels that name what is broken, the most telling first. */
const componentLabels = [
  'service',
  'component',
  'app',
  'job',
  'namespace',
  'instance',
  'alertname',
];

/** How many alerts of a group the description names. */
const maxNamed = 10;

/**
 * One alarm for the whole group: its key is what the sender groups by, and the sender says `resolved` only when all of the group's
 * alerts are. `truncatedAlerts` are a part of the group that was not sent, and make no difference to that.
 */
export function readGroup(document: unknown): Reading {
  const body = needFields(document, '');
  const status = needText(body, 'status');
  if (status !== 'firing' && status !== 'resolved')
    throw new UnreadableError('status is neither firing nor resolved');
  const key = needText(body, 'groupKey');
  const alerts = needList(body, 'alerts');
  const firing = alerts.filter((alert) => at(alert, 'status') === 'firing');
  const subjects = status === 'firing' && firing.length > 0 ? firing : alerts;
  // Labels of the group first: they are the same in each of its deliveries, and the component identifies the finding.
  const named =
    firstText(body, ...componentLabels.map((label) => `groupLabels.${label}`)) ??
    firstText(body, ...componentLabels.map((label) => `commonLabels.${label}`)) ??
    needText(body, 'receiver');
  const heading =
    firstText(body, 'commonAnnotations.summary', 'title', 'commonLabels.alertname') ??
    firstText(subjects[0], 'annotations.summary', 'labels.alertname') ??
    `alert group ${key}`;
  const severity = subjects
    .map((alert) => severityIn(textAt(alert, 'labels.severity')))
    .filter((each) => each !== null)
    .toSorted((a, b) => severities.indexOf(a) - severities.indexOf(b))[0];
  const times = subjects.flatMap(
    (alert) => timeAt(alert, status === 'firing' ? 'startsAt' : 'endsAt') ?? [],
  );
  const newest = times.toSorted((a, b) => b.getTime() - a.getTime())[0] ?? null;
  return {
    event: word(status),
    // An alert may have begun long ago; when it ended says how old the message is.
    sentAt: status === 'resolved' ? newest : null,
    alarms: [
      {
        key: boundedKey(key),
        state: status,
        severity: severity ?? null,
        title: title(heading),
        description: description(
          subjects.slice(0, maxNamed).map(alertInWords).join('\n') +
            (subjects.length > maxNamed ? `\nand ${subjects.length - maxNamed} more` : '') || null,
        ),
        component: component(named),
        link:
          linkIn(textAt(subjects[0], 'generatorURL')) ??
          linkIn(textAt(subjects[0], 'dashboardURL')) ??
          linkIn(textAt(body, 'externalURL')),
        at: newest?.toISOString() ?? null,
        ...(status === 'resolved' && unverifiedBy(alerts)),
      },
    ],
  };
}

/**
 * Grafana resolves an alert also when its series is missing, its query has no data or an error, or its rule was paused, changed or deleted,
 * and says so in this annotation, which is not there when the condition was evaluated and is over
 * (grafana.com/docs/grafana/latest/alerting/fundamentals/alert-rule-evaluation/stale-alert-instances). Alertmanager passes it on.
 */
const stateReason = 'annotations.grafana_state_reason';

function unverifiedBy(alerts: readonly unknown[]): { unverified?: string } {
  const reasons = new Set(alerts.flatMap((alert) => textAt(alert, stateReason) ?? []));
  return reasons.size === 0 ? {} : { unverified: word([...reasons].slice(0, maxNamed).join(', ')) };
}

function alertInWords(alert: unknown): string {
  const name = textAt(alert, 'labels.alertname') ?? 'alert';
  const where = textAt(alert, 'labels.instance');
  const text = firstText(alert, 'annotations.description', 'annotations.summary', 'valueString');
  return `${name}${where ? ` on ${where}` : ''}${text ? `: ${text}` : ''}`;
}

/** A group in which nothing fires. */
export const resolvedGroup = (key: string, now: Date): Record<string, unknown> => ({
  version: '4',
  groupKey: key,
  truncatedAlerts: 0,
  status: 'resolved',
  receiver: 'roundsman',
  groupLabels: { alertname: 'RoundsmanTest' },
  commonLabels: { alertname: 'RoundsmanTest', severity: 'info' },
  commonAnnotations: { summary: 'A test of the way from the sender to Roundsman' },
  externalURL: '',
  alerts: [
    {
      status: 'resolved',
      labels: { alertname: 'RoundsmanTest', severity: 'info' },
      annotations: {},
      startsAt: new Date(now.getTime() - 60_000).toISOString(),
      endsAt: now.toISOString(),
      generatorURL: '',
      fingerprint: '0000000000000000',
    },
  ],
});

/**
 * Alertmanager and Grafana repeat a failed sending within their group_interval (five minutes unless set) and give up then; what they
 * send again later, after repeat_interval (four hours unless set), is another occurrence.
 */
export const groupAgain: Again = { afterSeconds: 300 };
