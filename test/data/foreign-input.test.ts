/**
 * Ids of somebody else, and ids of nobody: as a user under row level security every function reads
 * nothing of them, and writes to them are refused with an error that says the field, or the table that
 * only the platform writes. Every table is as it was.
 */
import { randomUUID } from 'node:crypto';
import { beforeAll, expect, test } from 'vitest';
import * as data from '../../src/data.ts';
import { testDatabase } from '../support/database.ts';
import { everything } from './everything.ts';
import { event, now, payment, plant, ring, the } from './bad-plant.ts';

let db: data.Db;
beforeAll(async () => {
  ({ db } = await testDatabase());
  await plant(db);
});

type Call = (trx: data.Db) => Promise<unknown>;
const span = { since: new Date(0) };
const nobody = randomUUID();

const reads: Record<string, [Call, unknown]> = {
  profileById: [(trx) => data.profileById(trx, the.bob), undefined],
  profileByEmail: [(trx) => data.profileByEmail(trx, 'bob@people.test'), undefined],
  creditBalance: [(trx) => data.creditBalance(trx, the.bob), 0],
  ledgerPage: [(trx) => data.ledgerPage(trx, the.bob), []],
  conversationsOf: [(trx) => data.conversationsOf(trx, the.bob), { rows: [], next: null }],
  conversation: [(trx) => data.conversation(trx, the.talk), undefined],
  appUsage: [(trx) => data.appUsage(trx, { user_id: the.bob }), { rows: [], next: null }],
  toolUsage: [(trx) => data.toolUsage(trx, { user_id: the.bob }), { rows: [], next: null }],
  appUsageTotals: [(trx) => data.appUsageTotals(trx, { user_id: the.bob }, span), []],
  toolUsageTotals: [(trx) => data.toolUsageTotals(trx, { user_id: the.bob }, span), []],
  newestRuns: [(trx) => data.newestRuns(trx, [the.bot]), new Map()],
  listExecutions: [(trx) => data.listExecutions(trx, { botId: the.bot, limit: 5 }), []],
  countPendingRuns: [(trx) => data.countPendingRuns(trx, the.bot), 0],
};

// Nothing is there for the service either: no tool was used, no run has started.
const empty = new Set(['toolUsage', 'toolUsageTotals', 'newestRuns']);

test.each(Object.entries(reads))(
  '%s reads nothing of somebody else',
  async (name, [call, nothing]) => {
    expect(await data.asUser(db, { sub: the.ann }, call)).toEqual(nothing);
    if (!empty.has(name)) expect(await data.asService(db, call)).not.toEqual(nothing);
  },
);

const own = () => ({ user_id: the.ann });
const denied = (of: string) => ({ name: 'AccessDeniedError', why: expect.stringContaining(of) });
const use = () => ({ ...own(), app_id: the.app, credits_used: 1, success: true });
const subscription = () =>
  ({
    ...event(),
    user_id: the.bob,
    provider_subscription_id: 's',
    tier: 'light',
    status: 'active',
  }) as const;
const writes: [string, Call, object][] = [
  [
    'addOrganizationMember into a foreign organization',
    (trx) =>
      data.addOrganizationMember(trx, {
        organization_id: the.organization,
        user_id: the.ann,
        added_by: the.ann,
      }),
    { name: 'ForeignOrganizationError', why: expect.stringContaining('organization_id') },
  ],
  [
    'addOrganizationMember in the name of its owner',
    (trx) =>
      data.addOrganizationMember(trx, {
        organization_id: the.organization,
        user_id: the.ann,
        added_by: the.bob,
      }),
    { why: expect.stringContaining('organization_id') },
  ],
  [
    'joinGroup of a private group',
    (trx) => data.joinGroup(trx, { group_id: the.group, user_id: the.ann, added_by: the.ann }),
    { name: 'ForeignGroupError', why: expect.stringContaining('group_id') },
  ],
  [
    'joinGroup in the name of its creator',
    (trx) => data.joinGroup(trx, { group_id: the.group, user_id: the.ann, added_by: the.bob }),
    { why: expect.stringContaining('group_id') },
  ],
  [
    'addProject for another user',
    (trx) => data.addProject(trx, { user_id: the.bob, name: 'n' }),
    { name: 'AccessDeniedError', field: 'user_id' },
  ],
  [
    'addProject below a foreign project',
    (trx) => data.addProject(trx, { ...own(), name: 'n', parent_project_id: the.foreign }),
    { name: 'ForeignParentError', column: 'parent_project_id' },
  ],
  [
    'addProject below nothing',
    (trx) => data.addProject(trx, { ...own(), name: 'n', parent_project_id: nobody }),
    {
      name: 'ConstraintError',
      column: 'parent_project_id',
      why: expect.stringContaining('parent_project_id'),
    },
  ],
  [
    'moveProject of a foreign project',
    (trx) => data.moveProject(trx, { id: the.foreign, user_id: the.bob, parent_project_id: null }),
    { name: 'UnknownProjectError', why: expect.stringContaining('id') },
  ],
  [
    'moveProject below a foreign project',
    (trx) => data.moveProject(trx, { id: the.project, ...own(), parent_project_id: the.foreign }),
    { name: 'ForeignParentError', column: 'parent_project_id' },
  ],
  [
    'moveProject below nothing',
    (trx) => data.moveProject(trx, { id: the.project, ...own(), parent_project_id: nobody }),
    {
      name: 'ConstraintError',
      column: 'parent_project_id',
      why: expect.stringContaining('parent_project_id'),
    },
  ],
  [
    'trackAppUsage for another user',
    (trx) => data.trackAppUsage(trx, { ...use(), user_id: the.bob }),
    { name: 'AccessDeniedError', field: 'user_id' },
  ],
  [
    'trackAppUsage of no app',
    (trx) => data.trackAppUsage(trx, { ...use(), app_id: nobody }),
    { name: 'ConstraintError', column: 'app_id', why: expect.stringContaining('app_id') },
  ],
  ['openSession', (trx) => data.openSession(trx, { user_id: the.bob }), denied('schema engine')],
  ['findSession', (trx) => data.findSession(trx, 'x'), denied('schema engine')],
  ['closeSession', (trx) => data.closeSession(trx, 'x'), denied('user_sessions')],
  [
    'bookCredits',
    (trx) => data.bookCredits(trx, { user_id: the.bob, amount: 5, type: 'bonus' }),
    denied('schema engine'),
  ],
  [
    'recordPayment',
    (trx) => data.recordPayment(trx, { ...payment(), user_id: the.bob }),
    { name: 'UnknownPaymentError', why: expect.stringContaining('user_id') },
  ],
  ['recordPayment of oneself', (trx) => data.recordPayment(trx, payment()), denied('transactions')],
  [
    'refundPayment',
    (trx) => data.refundPayment(trx, { ...event(), provider_transaction_id: 'known' }),
    { name: 'UnknownPaymentError', why: expect.stringContaining('provider_transaction_id') },
  ],
  [
    'recordSubscription',
    (trx) => data.recordSubscription(trx, subscription()),
    denied('subscriptions'),
  ],
  [
    'storeCredential',
    (trx) =>
      data.storeCredential(trx as never, ring, { user_id: the.bob, service: 'x', secret: 's' }),
    denied('javari_credentials'),
  ],
  [
    'openCredential',
    (trx) => data.openCredential(trx, ring, { user_id: the.bob, service: 'github' }),
    denied('javari_credentials'),
  ],
  [
    'rotateCredentials',
    (trx) => data.rotateCredentials(trx as never, ring),
    denied('javari_credentials'),
  ],
  [
    'submitScore',
    (trx) =>
      data.submitScore(trx, { game_id: the.game, user_id: the.bob, score: 5, achieved_at: now }),
    denied('game_leaderboards'),
  ],
  ['queueManualRun', (trx) => data.queueManualRun(trx, the.bot), denied('bots')],
  ['cancelRun', (trx) => data.cancelRun(trx, the.run, 'x'), denied('schema engine')],
];

test.each(writes)('%s is refused to a user and named', async (_, call, error) => {
  const before = await everything(db);
  await expect(data.asUser(db, { sub: the.ann }, call)).rejects.toMatchObject(error);
  expect(await everything(db)).toBe(before);
});

const unknown: [string, Call][] = [
  [
    'addOrganizationMember: user_id',
    (trx) =>
      data.addOrganizationMember(trx, {
        organization_id: the.organization,
        user_id: nobody,
        added_by: the.bob,
      }),
  ],
  [
    'joinGroup: user_id',
    (trx) => data.joinGroup(trx, { group_id: the.group, user_id: nobody, added_by: the.bob }),
  ],
  ['openSession: user_id', (trx) => data.openSession(trx, { user_id: nobody })],
  [
    'bookCredits: user_id',
    (trx) => data.bookCredits(trx, { user_id: nobody, amount: 5, type: 'bonus' }),
  ],
  ['recordPayment: user_id', (trx) => data.recordPayment(trx, { ...payment(), user_id: nobody })],
  [
    'recordPayment: provider_transaction_id',
    (trx) => data.recordPayment(trx, { ...payment(), provider_transaction_id: 'known' }),
  ],
  [
    'refundPayment: provider_transaction_id',
    (trx) => data.refundPayment(trx, { ...event(), provider_transaction_id: 'unheard of' }),
  ],
  [
    'recordSubscription: user_id',
    (trx) => data.recordSubscription(trx, { ...subscription(), user_id: nobody }),
  ],
  ['addProject: user_id', (trx) => data.addProject(trx, { user_id: nobody, name: 'n' })],
  [
    'addProject: parent_project_id',
    (trx) => data.addProject(trx, { ...own(), name: 'n', parent_project_id: nobody }),
  ],
  [
    'moveProject: id',
    (trx) => data.moveProject(trx, { id: nobody, ...own(), parent_project_id: null }),
  ],
  [
    'storeCredential: user_id',
    (trx) =>
      data.storeCredential(trx as never, ring, { user_id: nobody, service: 'x', secret: 's' }),
  ],
  [
    'openCredential: user',
    (trx) => data.openCredential(trx, ring, { user_id: nobody, service: 'x' }),
  ],
  ['trackAppUsage: user_id', (trx) => data.trackAppUsage(trx, { ...use(), user_id: nobody })],
  ['trackAppUsage: app_id', (trx) => data.trackAppUsage(trx, { ...use(), app_id: nobody })],
  [
    'submitScore: game_id',
    (trx) => data.submitScore(trx, { game_id: nobody, ...own(), score: 5, achieved_at: now }),
  ],
  [
    'submitScore: user_id',
    (trx) =>
      data.submitScore(trx, { game_id: the.game, user_id: nobody, score: 5, achieved_at: now }),
  ],
  ['queueManualRun: bot_id', (trx) => data.queueManualRun(trx, nobody)],
];

test.each(unknown)(
  'to the service, too, a row that does not exist is named: %s',
  async (name, call) => {
    const before = await everything(db);
    const field = name.split(': ')[1]!;
    await expect(data.asService(db, call)).rejects.toMatchObject({
      why: expect.stringMatching(new RegExp(`\\b${field}\\b`)),
      exitCode: expect.any(Number),
    });
    expect(await everything(db)).toBe(before);
  },
);
