import {
  at,
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
import type { Severity } from '../../ground/severity.ts';
import type { Alarm, SourceKind } from '../reading/kind.ts';
import { hmacOf, isSigned } from '../reading/signature.ts';

const header = 'x-hub-signature-256';

type Read = (document: unknown) => Alarm | null;

/** What each event that is read says; one that is not here says nothing about an alarm. */
const readers: Readonly<Record<string, Read>> = {
  workflow_run: readWorkflowRun,
  deployment_status: readDeployment,
  dependabot_alert: (document) =>
    readAlert(document, 'Dependabot', (alert) =>
      firstText(alert, 'security_advisory.severity', 'security_vulnerability.severity'),
    ),
  code_scanning_alert: (document) =>
    readAlert(document, 'Code scanning', (alert) =>
      firstText(alert, 'rule.security_severity_level', 'rule.severity'),
    ),
  secret_scanning_alert: (document) => readAlert(document, 'Secret scanning', () => 'critical'),
};

const ends: Readonly<Record<string, string>> = {
  workflow_run: 'workflow_run.updated_at',
  deployment_status: 'deployment_status.updated_at',
  dependabot_alert: 'alert.updated_at',
  code_scanning_alert: 'alert.updated_at',
  secret_scanning_alert: 'alert.updated_at',
};

/**
 * Webhooks of a GitHub repository, organisation or App: HMAC-SHA256 of the body
 * (docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries). X-GitHub-Delivery is not signed, so a delivery is known by its
 * content.
 */
export const github: SourceKind = {
  name: 'github',
  title: 'GitHub',
  secret: 'the Secret of the webhook',
  setUp: [
    'a webhook of the repository, organisation or App, its Payload URL the address above, its content type application/json',
    'the events Workflow runs, Deployment statuses, Dependabot alerts, Code scanning alerts and Secret scanning alerts, as far as they are wanted',
  ],
  proves: (arrival, secret) =>
    isSigned(arrival, secret, { header, algorithm: 'sha256', prefix: 'sha256=' }),
  idOf: () => null,
  isTimed: true,
  read(document, headers) {
    const event = String(headers['x-github-event'] ?? 'unknown');
    const body = needFields(document, '');
    const action = textAt(body, 'action');
    const reader = Object.hasOwn(readers, event) ? readers[event]! : null;
    const alarm = reader ? reader(body) : null;
    return {
      event: word(action === null ? event : `${event}.${action}`),
      sentAt: Object.hasOwn(ends, event) ? timeAt(body, ends[event]!) : null,
      alarms: alarm ? [alarm] : [],
    };
  },
  // GitHub sends `ping` when a webhook is made.
  example: (key) => ({
    headers: { 'x-github-event': 'ping', 'x-github-delivery': key },
    document: { zen: key, hook_id: 1 },
  }),
  sign: (body, secret) => ({ [header]: `sha256=${hmacOf('sha256', secret, body)}` }),
};

const conclusions: Readonly<Record<string, Alarm['state']>> = {
  failure: 'firing',
  timed_out: 'firing',
  startup_failure: 'firing',
  success: 'resolved',
};

/** Runs of the default branch that have ended; those of other branches are the business of who pushed to them. */
function readWorkflowRun(document: unknown): Alarm | null {
  const run = needFields(document, 'workflow_run');
  const repository = needText(document, 'repository.full_name');
  const conclusion = textAt(run, 'conclusion') ?? '';
  const branch = textAt(run, 'head_branch');
  if (textAt(document, 'action') !== 'completed' || !Object.hasOwn(conclusions, conclusion))
    return null;
  if (
    branch !== textAt(document, 'repository.default_branch') ||
    at(run, 'event') === 'pull_request'
  )
    return null;
  const name = firstText(run, 'name', 'display_title') ?? 'workflow';
  return {
    key: boundedKey(`workflow/${repository}/${needText(run, 'workflow_id')}/${branch}`),
    state: conclusions[conclusion]!,
    severity: null,
    title: title(`${name} ends as ${conclusion} on ${branch} of ${repository}`),
    description: description(firstText(run, 'head_commit.message', 'display_title')),
    component: component(repository),
    link: linkIn(textAt(run, 'html_url')),
    at: timeAt(run, 'updated_at')?.toISOString() ?? null,
  };
}

const deployments: Readonly<Record<string, Alarm['state']>> = {
  failure: 'firing',
  error: 'firing',
  success: 'resolved',
};

function readDeployment(document: unknown): Alarm | null {
  const status = needFields(document, 'deployment_status');
  const repository = needText(document, 'repository.full_name');
  const state = textAt(status, 'state') ?? '';
  if (!Object.hasOwn(deployments, state)) return null;
  const environment = firstText(status, 'environment') ?? 'unknown';
  return {
    key: boundedKey(`deployment/${repository}/${environment}`),
    state: deployments[state]!,
    severity: null,
    title: title(`The deployment of ${repository} to ${environment} ends as ${state}`),
    description: description(textAt(status, 'description')),
    component: component(repository),
    link: linkIn(firstText(status, 'log_url', 'target_url')),
    at: timeAt(status, 'updated_at')?.toISOString() ?? null,
  };
}

const alertActions: Readonly<Record<string, Alarm['state']>> = {
  created: 'firing',
  reopened: 'firing',
  reopened_by_user: 'firing',
  auto_reopened: 'firing',
  reintroduced: 'firing',
  appeared_in_branch: 'firing',
  publicly_leaked: 'firing',
  fixed: 'resolved',
  dismissed: 'resolved',
  auto_dismissed: 'resolved',
  closed_by_user: 'resolved',
  resolved: 'resolved',
};

/** Actions by which a person, or a rule of the repository, says that an alert is to be left alone, and not that it is mended. */
const leftAlone: ReadonlySet<string> = new Set(['dismissed', 'auto_dismissed', 'closed_by_user']);

/** Why an alert is closed although it may be there still; a leaked secret that is revoked is mended. */
function unverifiedBy(alert: unknown, action: string): { unverified?: string } {
  const resolution = textAt(alert, 'resolution');
  if (leftAlone.has(action)) return { unverified: action };
  return action === 'resolved' && resolution !== null && resolution !== 'revoked'
    ? { unverified: word(resolution) }
    : {};
}

function readAlert(
  document: unknown,
  called: string,
  severityOf: (alert: unknown) => string | null,
): Alarm | null {
  const action = textAt(document, 'action') ?? '';
  if (!Object.hasOwn(alertActions, action)) return null;
  const alert = needFields(document, 'alert');
  const repository = needText(document, 'repository.full_name');
  const number = needText(alert, 'number');
  const severity: Severity | null = severityIn(severityOf(alert));
  const what = firstText(
    alert,
    'security_advisory.summary',
    'rule.description',
    'secret_type_display_name',
    'secret_type',
  );
  return {
    key: boundedKey(`${called.toLowerCase().replace(' ', '-')}/${repository}/${number}`),
    state: alertActions[action]!,
    ...unverifiedBy(alert, action),
    severity,
    title: title(`${called}: ${what ?? `alert ${number}`} in ${repository}`),
    description: description(
      firstText(alert, 'dependency.package.name', 'most_recent_instance.location.path'),
    ),
    component: component(repository),
    link: linkIn(textAt(alert, 'html_url')),
    at: timeAt(alert, 'updated_at')?.toISOString() ?? null,
  };
}
