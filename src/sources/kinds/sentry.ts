import type { IncomingHttpHeaders } from 'node:http';
import {
  boundedKey,
  component,
  description,
  firstText,
  linkIn,
  needFields,
  needText,
  severityIn,
  textAt,
  timeAt,
  title,
  word,
} from '../reading/fields.ts';
import {
  toleranceMs,
  type Again,
  type Alarm,
  type Reading,
  type SourceKind,
} from '../reading/kind.ts';
import { hmacOf, isSigned } from '../reading/signature.ts';

const header = 'sentry-hook-signature';

/**
 * Where the app of an integration is published, Sentry sends again what failed, three times at intervals of five minutes, with the same content;
 * that of an internal integration is sent once. An issue that is resolved, reopened and resolved again without an event in between is
 * reported with the same bytes as well.
 */
const again: Again = {
  afterSeconds: 20 * 60,
  whenOvertaken: true,
  isNow: ({ headers }, now) =>
    Math.abs((timeOf(headers)?.getTime() ?? -Infinity) - now.getTime()) <= toleranceMs,
};

/** What an action of an issue means; others, such as `assigned`, say nothing about it. */
const issueStates: Readonly<Record<string, Alarm['state']>> = {
  created: 'firing',
  unresolved: 'firing',
  resolved: 'resolved',
  archived: 'resolved',
  ignored: 'resolved',
};

/** Actions by which a person says that an issue is to be left alone, and not that it is gone. */
const leftAlone: ReadonlySet<string> = new Set(['archived', 'ignored']);

/**
 * Webhooks of Sentry's integration platform: HMAC-SHA256 of the body by the integration's client secret
 * (docs.sentry.io/integrations/integration-platform/webhooks). The headers are not signed, and each sending has a Request-ID of its own, so a
 * delivery is known by its content.
 */
export const sentry: SourceKind = {
  name: 'sentry',
  title: 'Sentry',
  secret: 'the Client Secret of an internal integration',
  setUp: [
    'an internal integration (Settings, Developer Settings), its Webhook URL the address above',
    'the webhooks `issue`, and Alert Rule Action, so that alert rules can name the integration',
  ],
  proves: (arrival, secret) => isSigned(arrival, secret, { header, algorithm: 'sha256' }),
  idOf: () => null,
  again,
  isTimed: true,
  // `lastSeen` of an issue is written some seconds after its event, and is the time of the host on which that happened.
  slackMs: toleranceMs,
  read(document, headers) {
    const resource = String(headers['sentry-hook-resource'] ?? '');
    const action = needText(document, 'action');
    const reading = (sentAt: Date | null, alarms: Alarm[]): Reading => ({
      event: word(`${resource || 'unknown'}.${action}`),
      sentAt,
      alarms,
    });
    const sentAt = timeOf(headers);
    if (resource === 'issue' && Object.hasOwn(issueStates, action))
      return reading(sentAt, [issueAlarm(document, action)]);
    if (resource === 'event_alert' && action === 'triggered')
      return reading(timeAt(document, 'data.event.datetime') ?? sentAt, [eventAlarm(document)]);
    if (resource === 'metric_alert' && ['critical', 'warning', 'resolved'].includes(action))
      return reading(sentAt, [metricAlarm(document, action)]);
    return reading(sentAt, []);
  },
  example: (key, now) => ({
    headers: {
      'sentry-hook-resource': 'issue',
      'sentry-hook-timestamp': String(Math.floor(now.getTime() / 1_000)),
    },
    document: {
      action: 'resolved',
      data: {
        issue: { id: key, title: 'Test', level: 'info', project: { slug: 'roundsman-test' } },
      },
    },
  }),
  sign: (body, secret) => ({ [header]: hmacOf('sha256', secret, body) }),
};

const timeOf = (headers: IncomingHttpHeaders): Date | null =>
  timeAt({ at: String(headers['sentry-hook-timestamp'] ?? '') }, 'at');

function issueAlarm(document: unknown, action: string): Alarm {
  const issue = needFields(document, 'data.issue');
  return {
    // The same for alerts of the issue, so that a resolved issue clears what its alert reported.
    key: boundedKey(`issue/${needText(issue, 'id')}`),
    state: issueStates[action]!,
    ...(leftAlone.has(action) && { unverified: action }),
    severity: severityIn(textAt(issue, 'level')),
    title: title(textAt(issue, 'title') ?? `issue ${needText(issue, 'id')}`),
    description: description(textAt(issue, 'culprit')),
    component: component(firstText(issue, 'project.slug', 'project.name') ?? 'sentry'),
    link: linkIn(firstText(issue, 'web_url', 'permalink')),
    at: timeAt(issue, 'lastSeen')?.toISOString() ?? null,
  };
}

function eventAlarm(document: unknown): Alarm {
  const event = needFields(document, 'data.event');
  const rule = textAt(document, 'data.triggered_rule');
  const id = textAt(event, 'issue_id') ?? /\/issues\/(\d+)/.exec(needText(event, 'issue_url'))?.[1];
  return {
    key: boundedKey(`issue/${id ?? needText(event, 'event_id')}`),
    state: 'firing',
    severity: severityIn(textAt(event, 'level')),
    title: title(textAt(event, 'title') ?? 'an alert rule was triggered'),
    description: description(
      [rule && `rule: ${rule}`, textAt(event, 'culprit')].filter(Boolean).join('\n') || null,
    ),
    component: component(projectOf(event)),
    link: linkIn(textAt(event, 'web_url')),
    at: timeAt(event, 'datetime')?.toISOString() ?? null,
  };
}

/** The slug is in the address of the event; the field `project` is a number. */
const projectOf = (event: unknown): string =>
  /\/projects\/[^/]+\/([^/]+)\//.exec(textAt(event, 'url') ?? '')?.[1] ??
  textAt(event, 'project') ??
  'sentry';

function metricAlarm(document: unknown, action: string): Alarm {
  const alert = needFields(document, 'data.metric_alert');
  const rule = firstText(alert, 'alert_rule.name', 'title') ?? 'metric alert';
  const projects = alert.projects;
  return {
    key: boundedKey(`rule/${firstText(alert, 'alert_rule.id') ?? needText(alert, 'id')}`),
    state: action === 'resolved' ? 'resolved' : 'firing',
    severity: severityIn(action),
    title: title(rule),
    description: description(textAt(document, 'data.description_text')),
    component: component(
      Array.isArray(projects) && typeof projects[0] === 'string' ? projects[0] : rule,
    ),
    link: linkIn(textAt(document, 'data.web_url')),
    at: timeAt(alert, 'date_detected')?.toISOString() ?? null,
  };
}
