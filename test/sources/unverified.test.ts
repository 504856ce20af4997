/** An alarm that its sender no longer reports, although it is not known that its problem is gone. */
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { kindOf } from '../../src/sources/kinds/index.ts';
import { aBot, aRemedy, clean, entry } from '../support/builders.ts';
import { nothingHeldOut } from '../support/runs.ts';
import { githubRun, grafanaGroup, sentryIssue, stripeDispute } from './examples.ts';
import { sourceScene } from './scene.ts';

const token = 'a-token-of-the-test';

/** What it fires, with the title for which the scene has a remedy. */
const firingGroup = { ...grafanaGroup, title: 'queue is broken' };

const resolvedGroup = (reason?: string) => ({
  ...firingGroup,
  status: 'resolved',
  alerts: firingGroup.alerts.map((alert) => ({
    ...alert,
    status: 'resolved',
    endsAt: new Date().toISOString(),
    annotations: { ...alert.annotations, ...(reason && { grafana_state_reason: reason }) },
  })),
});

const grafana = async () => {
  const applied: string[] = [];
  const remedies = [aRemedy('queue.restart', async () => applied.push('queue'))];
  const bots = [
    aBot('other', async () => clean('nothing'), {
      knowledge: [entry('restart', 'steps:\n  - remedy: queue.restart', { category: 'alarm' })],
    }),
  ];
  const scene = await sourceScene({
    kind: 'grafana',
    stored: { IN_KEY: token },
    bots,
    remedies,
    config: { severity: 'low' },
  });
  await nothingHeldOut(scene.db);
  const actions = () =>
    scene.db.selectFrom('bot_actions').select(['state', 'error_message']).execute();
  return { ...scene, applied, actions };
};

describe.each(['MissingSeries', 'NoData', 'Error', 'Paused', 'Updated', 'RuleDeleted'])(
  'Grafana resolves by %s',
  (reason) => {
    test('its finding ends as no longer reported, and the remedy before it is not judged', async () => {
      const { send, round, findings, applied, actions } = await grafana();
      await send(firingGroup, {}, token);
      await round();
      expect(applied).toEqual(['queue']);
      expect(await actions()).toMatchObject([{ state: 'applied' }]);
      await send(resolvedGroup(reason), {}, token);
      await round();
      expect(await findings()).toMatchObject([
        { resolved_at: expect.any(Date), resolution_method: 'unreported' },
      ]);
      expect(await actions()).toEqual([
        { state: 'undecided', error_message: expect.stringContaining(reason) },
      ]);
    });
  },
);

test('Grafana resolves because the condition is over: that judges the remedy as before', async () => {
  const { send, round, findings, actions } = await grafana();
  await send(firingGroup, {}, token);
  await round();
  await send(resolvedGroup(), {}, token);
  await round();
  expect(await findings()).toMatchObject([{ resolution_method: 'auto-fixed' }]);
  expect(await actions()).toMatchObject([{ state: 'verified' }]);
});

test('its ticket says that it is not known whether the problem is gone', async () => {
  const { send, round, db } = await sourceScene({
    kind: 'grafana',
    stored: { IN_KEY: token },
    config: { severity: 'high' },
  });
  await send(firingGroup, {}, token);
  await round();
  await send(resolvedGroup('MissingSeries'), {}, token);
  await round();
  const { rows } = await sql<{
    status: string;
    resolution_notes: string;
  }>`SELECT status, resolution_notes FROM bot_tickets`.execute(db);
  expect(rows).toEqual([
    {
      status: 'resolved',
      resolution_notes:
        'It is no longer reported (MissingSeries). It is not known whether the problem is gone.',
    },
  ]);
});

test('a finding that was left alone is not said to have recovered', async () => {
  const { send, round, db } = await grafana();
  await sql`UPDATE bot_knowledge SET autonomy = 'shadow'`.execute(db);
  await send(firingGroup, {}, token);
  await round();
  const outcomes = () =>
    db
      .selectFrom('bot_decisions')
      .select('outcome')
      .where('finding_id', 'is not', null)
      .where('verdict', '=', 'shadowed')
      .execute();
  expect(await outcomes()).toMatchObject([{ outcome: 'pending' }]);
  await send(resolvedGroup('Paused'), {}, token);
  await round();
  expect(await outcomes()).toMatchObject([{ outcome: 'touched' }]);
});

test('it is a new finding when it fires again', async () => {
  const { send, round, findings, age } = await grafana();
  await send(firingGroup, {}, token);
  await round();
  await send(resolvedGroup('NoData'), {}, token);
  await round();
  await age(6);
  await send(firingGroup, {}, token);
  await round();
  expect((await findings()).map(({ resolution_method }) => resolution_method).toSorted()).toEqual([
    null,
    'unreported',
  ]);
});

describe('what others call resolved although it may be there still', () => {
  const unverified = (kind: string, document: unknown, headers: Record<string, string> = {}) =>
    kindOf(kind).read(document, headers, { firing: [], resolved: [], fields: {} }).alarms[0]!
      .unverified;
  test('an issue that is archived at Sentry', () => {
    const headers = { 'sentry-hook-resource': 'issue' };
    expect(unverified('sentry', { ...sentryIssue, action: 'archived' }, headers)).toBe('archived');
    expect(unverified('sentry', { ...sentryIssue, action: 'resolved' }, headers)).toBeUndefined();
  });
  test('an alert that is dismissed at GitHub, and a secret that is closed and not revoked', () => {
    const of = (event: string, action: string, alert: object = {}) =>
      unverified(
        'github',
        { repository: githubRun.repository, action, alert: { number: 1, ...alert } },
        { 'x-github-event': event },
      );
    expect(of('dependabot_alert', 'dismissed')).toBe('dismissed');
    expect(of('dependabot_alert', 'fixed')).toBeUndefined();
    expect(of('secret_scanning_alert', 'resolved', { resolution: 'wont_fix' })).toBe('wont_fix');
    expect(of('secret_scanning_alert', 'resolved', { resolution: 'revoked' })).toBeUndefined();
  });
  test('an invoice that is given up at Stripe', () => {
    const of = (type: string) => unverified('stripe', { ...stripeDispute, type });
    expect(of('invoice.marked_uncollectible')).toBe('invoice.marked_uncollectible');
    expect(of('invoice.paid')).toBeUndefined();
  });
});
