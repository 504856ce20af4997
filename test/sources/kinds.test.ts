/** Each kind of sender: what its documented example means, and that only what is rightly signed is proven. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { kindOf, kinds } from '../../src/sources/kinds/index.ts';
import { UnreadableError, type Reading, type SourceKind } from '../../src/sources/reading/kind.ts';
import { hostileTexts } from '../support/hostile-texts.ts';
import * as examples from './examples.ts';

const rules = { firing: [], resolved: [], fields: {} };
const key = `whsec_${Buffer.from('a key of a test, 32 bytes long..').toString('base64')}`;
const otherKey = `whsec_${Buffer.from('another key of 32 bytes, as well').toString('base64')}`;
const now = new Date();

const read = (
  kind: string,
  document: unknown,
  headers: Record<string, string> = {},
  given: Parameters<SourceKind['read']>[2] = rules,
): Reading => kindOf(kind).read(document, headers, given);

describe('the documented example of each sender', () => {
  test('Alertmanager: one alarm for the group', () => {
    const { alarms, sentAt } = read('alertmanager', examples.alertmanagerGroup);
    expect(sentAt).toBeNull();
    expect(alarms).toEqual([
      {
        key: '{}/{severity="critical"}:{alertname="ProbeFailure"}',
        state: 'firing',
        severity: 'critical',
        title: 'BlackBox Probe Failure: https://server.example.org',
        description: expect.stringContaining('has been down for over 5m'),
        component: 'ProbeFailure',
        link: expect.stringMatching(/^http:\/\/prometheus\.example\.org:9090\/graph/),
        at: '2023-02-06T13:08:45.828Z',
      },
    ]);
  });

  test('Alertmanager: a resolved group is as old as the end of its newest alert', () => {
    const resolved = {
      ...examples.alertmanagerGroup,
      status: 'resolved',
      alerts: examples.alertmanagerGroup.alerts.map((alert) => ({
        ...alert,
        status: 'resolved',
        endsAt: '2023-02-06T14:00:00Z',
      })),
    };
    const { alarms, sentAt } = read('alertmanager', resolved);
    expect(sentAt).toEqual(new Date('2023-02-06T14:00:00Z'));
    expect(alarms[0]).toMatchObject({ state: 'resolved' });
  });

  test('Grafana: the title of the group, its alerts in the description', () => {
    expect(read('grafana', examples.grafanaGroup).alarms).toEqual([
      {
        key: '{}:{}',
        state: 'firing',
        severity: null,
        title: '[FIRING:2] (blue)',
        description:
          'High memory usage: The system has high memory usage\nHigh CPU usage: The system has high CPU usage',
        component: 'My Super Webhook',
        link: 'https://play.grafana.org/alerting/1afz29v7z/edit',
        at: '2021-10-12T07:56:03.157Z',
      },
    ]);
  });

  test('Sentry: an issue and the alert about it are one problem', () => {
    const issue = read('sentry', examples.sentryIssue, { 'sentry-hook-resource': 'issue' });
    expect(issue).toMatchObject({
      event: 'issue.created',
      alarms: [
        {
          key: 'issue/1170820242',
          state: 'firing',
          severity: 'high',
          title: 'ReferenceError: blooopy is not defined',
          component: 'front-end',
        },
      ],
    });
    const alert = read('sentry', examples.sentryAlert, { 'sentry-hook-resource': 'event_alert' });
    expect(alert).toMatchObject({
      sentAt: new Date('2019-08-19T21:06:17.677Z'),
      alarms: [{ key: 'issue/1170820242', state: 'firing', component: 'front-end' }],
    });
    const resolved = { ...examples.sentryIssue, action: 'resolved' };
    expect(read('sentry', resolved, { 'sentry-hook-resource': 'issue' }).alarms[0]).toMatchObject({
      key: 'issue/1170820242',
      state: 'resolved',
    });
  });

  test('Sentry: a metric alert is named by its rule', () => {
    const headers = { 'sentry-hook-resource': 'metric_alert' };
    expect(read('sentry', examples.sentryMetric, headers).alarms).toMatchObject([
      {
        key: 'rule/7',
        state: 'firing',
        severity: 'critical',
        title: 'Too many errors',
        component: 'backend',
      },
    ]);
  });

  test('GitHub: a workflow of the default branch', () => {
    const headers = { 'x-github-event': 'workflow_run' };
    expect(read('github', examples.githubRun, headers)).toMatchObject({
      event: 'workflow_run.completed',
      sentAt: new Date('2020-01-22T19:33:08Z'),
      alarms: [
        {
          key: 'workflow/octo-org/octo-repo/159038/main',
          state: 'firing',
          title: 'Build ends as failure on main of octo-org/octo-repo',
          component: 'octo-org/octo-repo',
        },
      ],
    });
    const run = (change: object) => ({
      ...examples.githubRun,
      workflow_run: { ...examples.githubRun.workflow_run, ...change },
    });
    const alarmsOf = (change: object) => read('github', run(change), headers).alarms;
    expect(alarmsOf({ conclusion: 'success' })).toMatchObject([{ state: 'resolved' }]);
    expect(alarmsOf({ conclusion: 'cancelled' })).toEqual([]);
    expect(alarmsOf({ head_branch: 'topic' })).toEqual([]);
    expect(alarmsOf({ event: 'pull_request' })).toEqual([]);
  });

  test('GitHub: alerts of security, deployments, and an event that says nothing', () => {
    const repository = { full_name: 'a/b', default_branch: 'main' };
    const alert = { number: 3, html_url: 'https://github.com/a/b/security/3' };
    const of = (event: string, document: object) =>
      read('github', { repository, ...document }, { 'x-github-event': event }).alarms;
    expect(
      of('dependabot_alert', {
        action: 'created',
        alert: { ...alert, security_advisory: { severity: 'high', summary: 'XSS' } },
      }),
    ).toMatchObject([{ key: 'dependabot/a/b/3', state: 'firing', severity: 'high' }]);
    expect(of('secret_scanning_alert', { action: 'resolved', alert })).toMatchObject([
      { key: 'secret-scanning/a/b/3', state: 'resolved' },
    ]);
    expect(of('code_scanning_alert', { action: 'fixed', alert })).toMatchObject([
      { key: 'code-scanning/a/b/3', state: 'resolved' },
    ]);
    expect(
      of('deployment_status', {
        deployment_status: { state: 'failure', environment: 'production' },
      }),
    ).toMatchObject([{ key: 'deployment/a/b/production', state: 'firing' }]);
    expect(of('star', { action: 'created' })).toEqual([]);
    expect(of('constructor', { action: 'created' })).toEqual([]);
  });

  test('Vercel: a deployment of a project to a target', () => {
    const [alarm] = read('vercel', examples.vercelError).alarms;
    expect(alarm).toMatchObject({
      key: 'deployment/prj_abcdef123/production',
      state: 'firing',
      component: 'shop',
      link: 'https://vercel.com/acme/shop/5tx7VkBcNN1aFqM2C',
      at: '2024-05-20T16:00:00.000Z',
    });
    const succeeded = { ...examples.vercelError, type: 'deployment.succeeded' };
    expect(read('vercel', succeeded).alarms).toMatchObject([
      { key: alarm!.key, state: 'resolved' },
    ]);
    expect(read('vercel', { ...examples.vercelError, type: 'project.created' }).alarms).toEqual([]);
  });

  test('Stripe: a dispute, and its end', () => {
    const [alarm] = read('stripe', examples.stripeDispute).alarms;
    expect(alarm).toMatchObject({
      key: 'charge.dispute/du_1MtJUT2eZvKYlo2CNaw2HvEv',
      state: 'firing',
      severity: 'high',
    });
    const closed = { ...examples.stripeDispute, type: 'charge.dispute.closed' };
    expect(read('stripe', closed).alarms).toMatchObject([{ key: alarm!.key, state: 'resolved' }]);
    const paid = { type: 'invoice.paid', data: { object: { id: 'in_1' } } };
    const failed = { type: 'invoice.payment_failed', data: { object: { id: 'in_1' } } };
    expect(read('stripe', paid).alarms[0]!.key).toBe(read('stripe', failed).alarms[0]!.key);
  });

  test('Standard Webhooks: the config says which types fire, and where the fields are', () => {
    const given = {
      firing: ['incident.opened'],
      resolved: ['incident.closed'],
      fields: {
        key: 'data.incident.id',
        title: 'data.incident.name',
        severity: 'data.incident.level',
        component: 'data.service',
      },
    };
    expect(read('standard-webhooks', examples.standardEvent, {}, given).alarms).toMatchObject([
      {
        key: 'inc_1',
        state: 'firing',
        severity: 'critical',
        title: 'Queue is full',
        component: 'mail',
      },
    ]);
    expect(read('standard-webhooks', examples.standardEvent).alarms).toEqual([]);
  });

  test('plain: our own document, whose unknown fields are refused by name', () => {
    expect(read('plain', examples.plainAlarms).alarms).toMatchObject([
      { key: 'disk /var', state: 'firing', severity: 'medium', component: 'db-1' },
      { key: 'disk /tmp', state: 'resolved', severity: null, title: 'disk /tmp' },
    ]);
    expect(() => read('plain', { alarms: [{ key: 'a', state: 'firing', sevrity: 'x' }] })).toThrow(
      /alarms\.0.*sevrity/,
    );
  });
});

describe.each(kinds.map((kind) => [kind.name, kind] as const))('%s', (_, kind) => {
  async function signed(secret = key, at = now) {
    const { document, headers } = kind.example('test key', at);
    const body = Buffer.from(JSON.stringify(document));
    return {
      body,
      headers: { ...headers, ...(await kind.sign(body.toString(), secret, at)) } as Record<
        string,
        string
      >,
    };
  }

  test('what is signed with the secret is proven, and with another one it is not', async () => {
    const arrival = await signed();
    expect(await kind.proves(arrival, key, now)).toBe(true);
    expect(await kind.proves(arrival, otherKey, now)).toBe(false);
    expect(await kind.proves({ ...arrival, headers: {} }, key, now)).toBe(false);
  });

  test('its example says nothing bad', async () => {
    const { document, headers = {} } = kind.example('test key', now);
    const { alarms } = kind.read(document, headers, rules);
    expect(alarms.filter(({ state }) => state === 'firing')).toEqual([]);
  });

  test.skipIf(kind.name === 'alertmanager')(
    'a body with one other byte, or a signature with one other character, is not proven',
    async () => {
      const { body, headers } = await signed();
      const proofs = Object.keys(await kind.sign(body.toString(), key, now));
      await fc.assert(
        fc.asyncProperty(fc.nat(), fc.integer({ min: 1, max: 255 }), async (at, change) => {
          const other = Buffer.from(body);
          other[at % body.length]! ^= change;
          expect(await kind.proves({ body: other, headers }, key, now)).toBe(false);
        }),
        { numRuns: 200 },
      );
      await fc.assert(
        fc.asyncProperty(fc.nat(), fc.nat(), async (which, at) => {
          const name = proofs[which % proofs.length]!;
          const value = headers[name]!;
          const index = at % value.length;
          const other = `${value.slice(0, index)}${value[index] === 'f' ? 'e' : 'f'}${value.slice(index + 1)}`;
          const arrival = { body, headers: { ...headers, [name]: other } };
          // The last character of base64 may hold bits that are not read.
          if (other.replace(/.=*$/, '') === value.replace(/.=*$/, '')) return;
          expect(await kind.proves(arrival, key, now)).toBe(false);
        }),
        { numRuns: 200 },
      );
    },
  );

  const hasTime = ['grafana', 'stripe', 'standard-webhooks', 'plain'].includes(kind.name);
  test.runIf(hasTime)(
    'a signature of last week is not proven, and one of a minute ago is',
    async () => {
      const week = new Date(now.getTime() - 7 * 24 * 3_600_000);
      expect(await kind.proves(await signed(key, week), key, now)).toBe(false);
      const minute = new Date(now.getTime() - 60_000);
      expect(await kind.proves(await signed(key, minute), key, now)).toBe(true);
    },
  );

  test('any document is read, or refused with the field; texts are bounded and stay text', () => {
    const { document, headers = {} } = kind.example('test key', now);
    const given = { firing: ['roundsman.test'], resolved: [], fields: {} };
    const readAny = (any: unknown, more: Record<string, string> = {}) => {
      try {
        for (const alarm of kind.read(any, { ...headers, ...more }, given).alarms) {
          expect(alarm.key.length).toBeLessThanOrEqual(400);
          expect(alarm.title.length).toBeLessThanOrEqual(200);
          expect(alarm.component.length).toBeLessThanOrEqual(100);
          expect((alarm.description ?? '').length).toBeLessThanOrEqual(2_000);
          expect(JSON.stringify(alarm)).not.toContain('\\u0000');
          expect(alarm.link === null || /^https?:/.test(alarm.link)).toBe(true);
        }
      } catch (error) {
        expect(error).toBeInstanceOf(UnreadableError);
      }
    };
    fc.assert(
      fc.property(fc.json(), (text) => readAny(JSON.parse(text))),
      { numRuns: 300 },
    );
    for (const text of hostileTexts) {
      const filled = JSON.parse(JSON.stringify(document), (_, value) =>
        typeof value === 'string' && !['firing', 'resolved'].includes(value) ? text : value,
      );
      readAny(filled);
      readAny({ ...filled, type: (document as { type?: string }).type, action: 'created' });
    }
  });
});

test('a link that is no web address is left out', () => {
  const group = structuredClone(examples.alertmanagerGroup);
  group.alerts[0]!.generatorURL = 'javascript:alert(1)';
  group.externalURL = 'http://a/\u001B[31m';
  expect(read('alertmanager', group).alarms[0]!.link).toBeNull();
});
