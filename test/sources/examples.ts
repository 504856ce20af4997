/** Documents as each sender's own pages show them, shortened to the fields of one alarm. */

/** prometheus.io/docs/alerting/latest/configuration/#webhook_config, with the values of a published sample of version 4. */
export const alertmanagerGroup = {
  receiver: 'sms',
  status: 'firing',
  alerts: [
    {
      status: 'firing',
      labels: {
        alertname: 'ProbeFailure',
        instance: 'https://server.example.org',
        job: 'http_checks',
        monitor: 'master',
        severity: 'critical',
      },
      annotations: {
        description:
          'Instance https://server.example.org has been down for over 5m. Job: http_checks',
        summary: 'BlackBox Probe Failure: https://server.example.org',
      },
      startsAt: '2023-02-06T13:08:45.828Z',
      endsAt: '0001-01-01T00:00:00Z',
      generatorURL:
        'http://prometheus.example.org:9090/graph?g0.expr=probe_success+%3D%3D+0&g0.tab=1',
      fingerprint: '1a30ba71cca2921f',
    },
  ],
  groupLabels: { alertname: 'ProbeFailure' },
  commonLabels: {
    alertname: 'ProbeFailure',
    instance: 'https://server.example.org',
    job: 'http_checks',
    monitor: 'master',
    severity: 'critical',
  },
  commonAnnotations: {
    description: 'Instance https://server.example.org has been down for over 5m. Job: http_checks',
    summary: 'BlackBox Probe Failure: https://server.example.org',
  },
  externalURL: 'http://prometheus.example.org:9093',
  version: '4',
  groupKey: '{}/{severity="critical"}:{alertname="ProbeFailure"}',
  truncatedAlerts: 0,
};

/** The example body of Grafana's page on the webhook notifier. */
export const grafanaGroup = {
  receiver: 'My Super Webhook',
  status: 'firing',
  orgId: 1,
  alerts: [
    {
      status: 'firing',
      labels: { alertname: 'High memory usage', team: 'blue', zone: 'us-1' },
      annotations: {
        description: 'The system has high memory usage',
        runbook_url: 'https://myrunbook.com/runbook/1234',
        summary: 'This alert was triggered for zone us-1',
      },
      startsAt: '2021-10-12T09:51:03.157076+02:00',
      endsAt: '0001-01-01T00:00:00Z',
      generatorURL: 'https://play.grafana.org/alerting/1afz29v7z/edit',
      fingerprint: 'c6eadffa33fcdf37',
      silenceURL: 'https://play.grafana.org/alerting/silence/new?alertmanager=grafana',
      dashboardURL: '',
      panelURL: '',
      values: { B: 44.23943737541908, C: 1 },
    },
    {
      status: 'firing',
      labels: { alertname: 'High CPU usage', team: 'blue', zone: 'eu-1' },
      annotations: { description: 'The system has high CPU usage' },
      startsAt: '2021-10-12T09:56:03.157076+02:00',
      endsAt: '0001-01-01T00:00:00Z',
      generatorURL: 'https://play.grafana.org/alerting/d1rdpdv7k/edit',
      fingerprint: 'bc97ff14869b13e3',
    },
  ],
  groupLabels: {},
  commonLabels: { team: 'blue' },
  commonAnnotations: {},
  externalURL: 'https://play.grafana.org/',
  version: '1',
  groupKey: '{}:{}',
  truncatedAlerts: 0,
  title: '[FIRING:2]  (blue)',
  state: 'alerting',
  message: '**Firing**',
};

/** docs.sentry.io/integrations/integration-platform/webhooks/issues */
export const sentryIssue = {
  action: 'created',
  actor: { id: 'sentry', name: 'Sentry', type: 'application' },
  data: {
    issue: {
      culprit: '?(runner)',
      firstSeen: '2019-08-19T20:58:37.391000Z',
      id: '1170820242',
      lastSeen: '2019-08-19T20:58:37.391000Z',
      level: 'error',
      permalink: null,
      project: { id: '1', name: 'front-end', platform: '', slug: 'front-end' },
      shortId: 'FRONT-END-9',
      status: 'unresolved',
      title: 'ReferenceError: blooopy is not defined',
    },
  },
  installation: { uuid: 'a8e5d37a-696c-4c54-adb5-b3f28d64c7de' },
};

/** docs.sentry.io/integrations/integration-platform/webhooks/issue-alerts */
export const sentryAlert = {
  action: 'triggered',
  data: {
    event: {
      culprit: '?(<anonymous>)',
      datetime: '2019-08-19T21:06:17.677000Z',
      event_id: 'e4874d664c3540c1a32eab185f12c5ab',
      issue_id: '1170820242',
      issue_url: 'https://sentry.io/api/0/issues/1170820242/',
      level: 'error',
      project: 1,
      title: 'ReferenceError: heck is not defined',
      url: 'https://sentry.io/api/0/projects/test-org/front-end/events/e4874d664c3540c1a32eab185f12c5ab/',
      web_url:
        'https://sentry.io/organizations/test-org/issues/1170820242/events/e4874d664c3540c1a32eab185f12c5ab/',
    },
    triggered_rule: 'Very Important Alert Rule!',
  },
};

/** docs.sentry.io/integrations/integration-platform/webhooks/metric-alerts */
export const sentryMetric = {
  action: 'critical',
  data: {
    description_text: '1000 events in the last 10 minutes\nFilter: level:error',
    description_title: 'Critical: Too many errors',
    metric_alert: {
      alert_rule: { id: '7', name: 'Too many errors', aggregate: 'count()' },
      date_detected: '2020-09-14T19:06:32Z',
      id: '1',
      projects: ['backend'],
      title: 'Too many errors',
    },
    web_url: 'https://sentry.io/organizations/test-org/alerts/1/',
  },
};

/** docs.github.com/webhooks/webhook-events-and-payloads#workflow_run */
export const githubRun = {
  action: 'completed',
  workflow_run: {
    id: 30433642,
    name: 'Build',
    head_branch: 'main',
    event: 'push',
    status: 'completed',
    conclusion: 'failure',
    workflow_id: 159038,
    html_url: 'https://github.com/octo-org/octo-repo/actions/runs/30433642',
    updated_at: '2020-01-22T19:33:08Z',
    head_commit: { message: 'Create linter.yaml' },
  },
  repository: { full_name: 'octo-org/octo-repo', default_branch: 'main' },
};

/** vercel.com/docs/webhooks/webhooks-api */
export const vercelError = {
  id: 'evt_8KqRz3xR9VYn',
  type: 'deployment.error',
  createdAt: 1716220800000,
  region: 'sfo1',
  payload: {
    team: { id: 'team_xyz789' },
    user: { id: 'usr_1' },
    deployment: {
      id: 'dpl_5tx7VkBcNN1aFqM2C',
      url: 'shop-abc123.vercel.app',
      name: 'shop',
      meta: {},
    },
    links: {
      deployment: 'https://vercel.com/acme/shop/5tx7VkBcNN1aFqM2C',
      project: 'https://vercel.com/acme/shop',
    },
    target: 'production',
    project: { id: 'prj_abcdef123' },
    plan: 'pro',
    regions: ['sfo1'],
  },
};

/** docs.stripe.com/api/events/object */
export const stripeDispute = {
  id: 'evt_1NG8Du2eZvKYlo2CUI79vXWy',
  object: 'event',
  api_version: '2019-02-19',
  created: 1686089970,
  data: {
    object: {
      id: 'du_1MtJUT2eZvKYlo2CNaw2HvEv',
      object: 'dispute',
      amount: 1000,
      reason: 'fraudulent',
    },
  },
  livemode: false,
  pending_webhooks: 0,
  request: { id: null, idempotency_key: null },
  type: 'charge.dispute.created',
};

/** standardwebhooks.com: type, timestamp, data */
export const standardEvent = {
  type: 'incident.opened',
  timestamp: '2022-11-03T20:26:10.344522Z',
  data: { incident: { id: 'inc_1', name: 'Queue is full', level: 'critical' }, service: 'mail' },
};

export const plainAlarms = {
  sent_at: '2026-11-30T12:00:00Z',
  alarms: [
    {
      key: 'disk /var',
      state: 'firing',
      severity: 'warning',
      title: 'Disk is full',
      component: 'db-1',
    },
    { key: 'disk /tmp', state: 'resolved' },
  ],
};
