/** Every function that `roundsman/data` exports, with values that it takes and values that it cannot. */
import { randomUUID } from 'node:crypto';
import * as data from '../../src/data.ts';
import * as bad from './bad-values.ts';
import { credential, event, later, now, payment, ring, the } from './bad-plant.ts';

export type Given = Record<string, any>;
export interface Spec {
  /** what is accepted: each test changes one field of it */
  good: () => Given;
  call: (db: data.Db, given: Given) => Promise<unknown>;
  bad: Record<string, unknown[]>;
  /** it opens a transaction under a role of its own, so it cannot be in one */
  alone?: true;
}

const spanned = () => ({ since: now, until: later });
const spans = { since: [...bad.times, undefined, null], until: [...bad.times, null, new Date(0)] };
const paged = { limit: [...bad.numbers, -1, 0, 201, null], cursor: bad.cursors };
const required = (values: unknown[]) => [...values, undefined, null];
const nullable = (values: unknown[]) => values;
const event_ = { event_id: required(bad.texts(255)), event_at: required(bad.times) };
const provider = required(bad.words);
const id = required(bad.ids);
const path = (most: number) => required(bad.texts(most));
/** One field and a page of what has it. */
const listOf = (
  field: string,
  good: () => string,
  values: unknown[],
  read: (db: data.Db, value: any, page: any) => Promise<unknown>,
): Spec => ({
  good: () => ({ [field]: good(), limit: 5 }),
  call: (on, { [field]: value, ...page }) => read(on, value, page),
  bad: { [field]: values, ...paged },
});
/** One field and a span of time. */
const totalsOf = (
  field: string,
  good: () => string,
  values: unknown[],
  read: (db: data.Db, value: any, span: any) => Promise<unknown>,
): Spec => ({
  good: () => ({ [field]: good(), ...spanned() }),
  call: (on, { [field]: value, ...span }) => read(on, value, span),
  bad: { [field]: values, ...spans },
});
const one = (
  field: string,
  good: () => string,
  values: unknown[],
  call: (db: data.Db, value: any) => Promise<unknown>,
): Spec => ({
  good: () => ({ [field]: good() }),
  call: (on, given) => call(on, given[field]),
  bad: { [field]: values },
});
const of = (
  call: (db: data.Db, given: any) => Promise<unknown>,
  good: () => Given,
  values: Spec['bad'],
): Spec => ({
  good,
  call: (on, given) => call(on, given),
  bad: values,
});
const rowLimits = [...required(bad.numbers), -1, 0, 1_000_002];
const ofUsage = { user_id: bad.ids, app_id: bad.ids };

export const specs: Record<string, Spec> = {
  profileByEmail: one('email', () => 'a@b.test', path(255), data.profileByEmail),
  profileById: one('id', () => the.ann, id, data.profileById),
  addOrganizationMember: of(
    data.addOrganizationMember,
    () => ({
      organization_id: the.organization,
      user_id: the.ann,
      role: 'admin',
      added_by: the.bob,
    }),
    { organization_id: id, user_id: id, added_by: id, role: bad.words },
  ),
  openSession: of(
    data.openSession,
    () => ({ user_id: the.ann, lifetimeSeconds: 5, ip_address: '1.2.3.4', user_agent: 'x' }),
    {
      user_id: id,
      lifetimeSeconds: [...bad.numbers, -1, 0, 31_536_001, null],
      ip_address: nullable(bad.addresses),
      user_agent: nullable(bad.texts(1000)),
    },
  ),
  bookCredits: of(
    data.bookCredits,
    () => ({
      user_id: the.ann,
      amount: 5,
      type: 'bonus',
      description: 'd',
      metadata: { a: [now, 1n] },
    }),
    {
      user_id: id,
      amount: [...required(bad.numbers), 0, -5],
      type: [...required(bad.words), 'usage'].filter((value) => value !== 'usage'),
      description: [...bad.texts(2000), null],
      idempotency_key: [...bad.texts(200), null],
      metadata: bad.documents,
    },
  ),
  creditBalance: one('user_id', () => the.ann, id, data.creditBalance),
  ledgerPage: {
    good: () => ({ user_id: the.ann, before: '500', limit: 5 }),
    call: (on, { user_id, ...page }) => data.ledgerPage(on, user_id, page),
    bad: {
      user_id: id,
      before: ['', '\0', '-1', '1e3', '1.5', ' 5', '9'.repeat(19), 'x', null, 5, {}, ['5']],
      limit: paged.limit,
    },
  },
  recordPayment: of(data.recordPayment, payment, {
    ...event_,
    user_id: id,
    provider,
    provider_transaction_id: path(255),
    type: [...required(bad.words), 'refund'],
    status: required(bad.words),
    amount_cents: [...required(bad.numbers), -1],
    credits_granted: [...required(bad.numbers), -1],
    currency: ['', 'usd', 'USDX', 'US\0', 'USD\n', 5, null, ['USD']],
    metadata: bad.documents,
  }),
  refundPayment: of(data.refundPayment, () => ({ ...event(), provider_transaction_id: 'known' }), {
    ...event_,
    provider,
    provider_transaction_id: path(255),
  }),
  recordSubscription: of(
    data.recordSubscription,
    () => ({
      ...event(),
      user_id: the.ann,
      provider_subscription_id: 's',
      tier: 'light',
      status: 'active',
      current_period_start: now,
      current_period_end: later,
      cancel_at_period_end: false,
    }),
    {
      ...event_,
      user_id: id,
      provider,
      provider_subscription_id: path(255),
      tier: required(bad.words),
      status: required(bad.words).filter((value) => value !== 'active'),
      current_period_start: bad.times,
      current_period_end: [...bad.times, new Date(0)],
      cancel_at_period_end: bad.flags,
    },
  ),
  addProject: of(
    data.addProject,
    () => ({ user_id: the.ann, name: 'n', description: 'd', parent_project_id: the.project }),
    {
      user_id: id,
      name: path(200),
      description: [...bad.texts(10_000), null],
      parent_project_id: nullable(bad.ids),
    },
  ),
  moveProject: of(
    data.moveProject,
    () => ({ id: the.project, user_id: the.ann, parent_project_id: null }),
    { id, user_id: id, parent_project_id: [...bad.ids, undefined] },
  ),
  conversationsOf: listOf('user_id', () => the.ann, id, data.conversationsOf),
  conversation: one('id', () => the.talk, id, data.conversation),
  storeCredential: of(
    (on, { ring: keys, ...given }) => data.storeCredential(on as never, keys, given),
    () => ({ ...credential(), ring }),
    {
      ring: [undefined, null, {}, 'k:AAAA'],
      user_id: id,
      service: path(50),
      secret: [
        '',
        '\uD800',
        'x'.repeat(65_537),
        '😀'.repeat(16_385),
        5,
        undefined,
        null,
        {},
        ['s'],
      ],
    },
  ),
  openCredential: of(
    (on, { ring: keys, ...given }) => data.openCredential(on, keys, given as never),
    () => ({ user_id: the.bob, service: 'github', ring }),
    { ring: [undefined, null, {}, 'k:AAAA'], user_id: id, service: path(50) },
  ),
  rotateCredentials: of(
    (on, { ring: keys, ...batch }) => data.rotateCredentials(on as never, keys, batch),
    () => ({ ring, after: randomUUID(), limit: 5 }),
    {
      ring: [undefined, null, {}, 'k:AAAA'],
      after: bad.ids,
      limit: [...bad.numbers, -1, 0, 1001, null],
    },
  ),
  newestRuns: one(
    'bot_id',
    () => [the.bot] as never,
    [
      ...required(bad.ids).filter((value) => !Array.isArray(value)),
      ...required(bad.ids).map((value) => [value]),
      Array(2),
    ],
    data.newestRuns,
  ),
  listExecutions: of(
    (on, { bot_id, ...filter }) => data.listExecutions(on, { botId: bot_id, ...filter } as never),
    () => ({ bot_id: the.bot, status: 'queued', sinceSeconds: 60, limit: 5 }),
    {
      bot_id: [...bad.ids, null],
      status: [...bad.words, null],
      sinceSeconds: [...bad.numbers.filter((value) => value !== 2 ** 31), 2 ** 32, -1, null],
      limit: [...required(bad.numbers), -1, 0],
    },
  ),
  countPendingRuns: one('bot_id', () => the.bot, id, data.countPendingRuns),
  countOpenFindings: one(
    'bot_id',
    () => [the.bot] as never,
    [
      ...required(bad.ids).filter((value) => !Array.isArray(value)),
      ...required(bad.ids).map((value) => [value]),
      Array(2),
    ],
    data.countOpenFindings,
  ),
  listFindings: of(
    (on, { bot_id, ...filter }) => data.listFindings(on, { botId: bot_id, ...filter } as never),
    () => ({ bot_id: the.bot, severity: 'high', which: 'open', limit: 5 }),
    {
      bot_id: [...bad.ids, null],
      severity: [...bad.words, null],
      which: required(bad.words),
      limit: rowLimits,
    },
  ),
  findingsOfRun: of(
    (on, { limit, ...row }) => data.findingsOfRun(on, row as never, limit),
    () => ({ id: the.run, bot_id: the.bot, limit: 5 }),
    { id, bot_id: [...bad.ids, undefined], limit: rowLimits },
  ),
  listTickets: of(
    (on, { assigned_to, bot_id, ...filter }) =>
      data.listTickets(on, { assignedTo: assigned_to, botId: bot_id, ...filter } as never),
    () => ({
      statuses: ['assigned'],
      severity: 'high',
      assigned_to: 'admin',
      bot_id: the.bot,
      snoozed: false,
      merged: false,
      overdue: false,
      reopened: false,
      since: new Date(0),
      order: 'worst',
      limit: 5,
    }),
    {
      statuses: [...bad.words, null, [], ['nope'], Array(1), ['open', null]],
      severity: [...bad.words, null],
      assigned_to: [...bad.texts(50), null],
      bot_id: [...bad.ids, null],
      component: [...bad.texts(255), null],
      category: [...bad.texts(50), null],
      snoozed: ['yes', 1, null, {}],
      merged: ['yes', 1, null, {}],
      overdue: ['yes', 1, null, {}],
      reopened: ['yes', 1, null, {}],
      since: [...bad.times, null],
      sinceSeconds: [...bad.numbers.filter((value) => value !== 2 ** 31), 2 ** 32, -1, null],
      match: [...bad.texts(200), null],
      order: [...bad.words, null],
      after: [...bad.ids, null],
      limit: rowLimits,
    },
  ),
  oneTicket: one('id', () => the.ticket, id, data.oneTicket),
  listActions: of(
    (on, { bot_id, limit }) => data.listActions(on, { botId: bot_id, limit }),
    () => ({ bot_id: the.bot, limit: 5 }),
    { bot_id: [...bad.ids, null], limit: rowLimits },
  ),
  stepsOfHeal: one('heal_id', () => the.heal, id, data.stepsOfHeal),
  listKnowledge: of(data.listKnowledge, () => ({ category: 'c', limit: 5 }), {
    category: [...bad.texts(50), null],
    limit: rowLimits,
  }),
  knowledgeEvents: of(
    (on, given) => data.knowledgeEvents(on, given.knowledge_id, given.limit),
    () => ({ knowledge_id: the.entry, limit: 5 }),
    { knowledge_id: id, limit: rowLimits },
  ),
  decisionsOn: of(
    (on, { limit, ...about }) => data.decisionsOn(on, about as never, limit),
    () => ({ finding: the.finding, limit: 5 }),
    { finding: id, limit: rowLimits },
  ),
  suggestionsOn: one('finding', () => the.finding, id, data.suggestionsOn),
  listSilences: of(data.listSilences, () => ({ all: false, limit: 5 }), {
    all: required(bad.flags),
    limit: rowLimits,
  }),
  queueManualRun: one('bot_id', () => the.bot, id, data.queueManualRun),
  cancelRun: of(
    (on, given) => data.cancelRun(on, given.id, given.reason),
    () => ({ id: the.run, reason: 'because' }),
    { id, reason: [...bad.texts(2000), undefined] },
  ),
  appUsage: of(
    (on, { limit, cursor, ...whose }) => data.appUsage(on, whose as never, { limit, cursor }),
    () => ({ user_id: the.ann, app_id: the.app, limit: 5 }),
    { ...ofUsage, ...paged },
  ),
  toolUsage: of(
    (on, { limit, cursor, ...whose }) => data.toolUsage(on, whose as never, { limit, cursor }),
    () => ({ user_id: the.ann, app_id: the.app, limit: 5 }),
    { ...ofUsage, ...paged },
  ),
  appUsageTotals: of(
    (on, { since, until, ...whose }) => data.appUsageTotals(on, whose as never, { since, until }),
    () => ({ user_id: the.ann, app_id: the.app, ...spanned() }),
    { ...ofUsage, ...spans },
  ),
  toolUsageTotals: of(
    (on, { since, until, ...whose }) => data.toolUsageTotals(on, whose as never, { since, until }),
    () => ({ user_id: the.ann, app_id: the.app, ...spanned() }),
    { ...ofUsage, ...spans },
  ),
  trackAppUsage: of(
    data.trackAppUsage,
    () => ({ user_id: the.ann, app_id: the.app, credits_used: 1, success: true }),
    {
      user_id: id,
      app_id: id,
      credits_used: [...required(bad.numbers), -1],
      success: required(bad.flags),
      execution_time_ms: [...bad.numbers, -1],
      error_message: nullable(bad.texts(10_000)),
    },
  ),
  submitScore: of(
    data.submitScore,
    () => ({ game_id: the.game, user_id: the.ann, score: -5, achieved_at: now }),
    { game_id: id, user_id: id, score: required(bad.numbers), achieved_at: required(bad.times) },
  ),
  leaderboardPage: {
    good: () => ({ game_id: the.game, limit: 5, offset: 5 }),
    call: (on, { game_id, ...page }) => data.leaderboardPage(on, game_id, page),
    bad: { game_id: id, limit: paged.limit, offset: [...bad.numbers, -1, 1_000_001, null] },
  },
  joinGroup: of(
    data.joinGroup,
    () => ({ group_id: the.group, user_id: the.ann, added_by: the.bob }),
    { group_id: id, user_id: id, added_by: id },
  ),
  pageViewsOf: listOf('page_path', () => '/', path(255), data.pageViewsOf),
  pageViewTotals: totalsOf('page_path', () => '/', path(255), data.pageViewTotals),
  apiLogsOf: listOf('endpoint', () => '/', path(255), data.apiLogsOf),
  endpointTotals: totalsOf('endpoint', () => '/', path(255), data.endpointTotals),
  errorLogsOf: listOf('error_type', () => 'E', path(100), data.errorLogsOf),
  errorTotals: totalsOf('error_type', () => 'E', path(100), data.errorTotals),
  noteActivity: of(
    (on, { resource_type: type, resource_id, ...given }) =>
      data.noteActivity(on, { ...given, resource: { type, id: resource_id } } as never),
    () => ({
      user_id: the.ann,
      action_type: 'login',
      resource_type: 'app',
      resource_id: the.app,
      details: { a: 1 },
      ip_address: '::1',
    }),
    {
      user_id: id,
      action_type: path(50),
      resource_type: path(50),
      resource_id: id,
      details: bad.documents,
      ip_address: nullable(bad.addresses),
    },
  ),
  activityOf: of(
    (on, { limit, cursor, ...whose }) => data.activityOf(on, whose as never, { limit, cursor }),
    () => ({ user_id: the.ann, action_type: 'login', limit: 5 }),
    { user_id: id, action_type: [...bad.texts(50), null], ...paged },
  ),
  noteLesson: of(
    data.noteLesson,
    () => ({
      user_id: the.ann,
      conversation_type: 'chat',
      message_count: 1,
      avg_message_length: 2,
      response_quality_score: 0.5,
      provider: 'openai',
      model: 'm',
      tokens_used: 3,
      cost_cents: 4,
      patterns_detected: {},
    }),
    {
      user_id: id,
      conversation_type: path(50),
      message_count: [...bad.numbers, -1, null],
      avg_message_length: [...bad.numbers, -1, null],
      response_quality_score: [Number.NaN, Infinity, -0.1, 9.995, 10, '1', null, {}, [1], true],
      provider: [...bad.texts(20), null],
      model: [...bad.texts(50), null],
      tokens_used: [...bad.numbers, -1, null],
      cost_cents: [...bad.numbers, -1, null],
      patterns_detected: bad.documents,
    },
  ),
  learningTotals: totalsOf('user_id', () => the.ann, id, data.learningTotals),
  noteJavariUse: of(
    data.noteJavariUse,
    () => ({
      user_id: the.ann,
      provider: 'openai',
      model: 'm',
      input_tokens: 1,
      output_tokens: 2,
      cost_cents: 3,
      success: true,
      error_message: 'e',
    }),
    {
      user_id: id,
      provider: path(20),
      model: path(50),
      input_tokens: [...bad.numbers, -1, 2 ** 30],
      output_tokens: [...bad.numbers, -1, 2 ** 30],
      cost_cents: [...bad.numbers, -1],
      success: required(bad.flags),
      error_message: nullable(bad.texts(10_000)),
    },
  ),
  javariUsage: listOf('user_id', () => the.ann, id, data.javariUsage),
  javariUsageTotals: of(
    (on, { since, until, ...whose }) =>
      data.javariUsageTotals(on, whose as never, { since, until }),
    () => ({ user_id: the.ann, provider: 'openai', ...spanned() }),
    { user_id: bad.ids, provider: [...bad.texts(20), null], ...spans },
  ),
  keepToolResult: of(
    data.keepToolResult,
    () => ({
      user_id: the.ann,
      tool_id: the.tool,
      input_data: {},
      output_data: {},
      output_url: 'https://a.test/x',
    }),
    {
      user_id: id,
      tool_id: id,
      input_data: bad.documents,
      output_data: bad.documents,
      output_url: [...bad.texts(2_000), 'x', 'javascript:alert(1)', 'data:,x', '/x', null],
    },
  ),
  toolResultsOf: of(
    (on, { limit, cursor, ...whose }) => data.toolResultsOf(on, whose as never, { limit, cursor }),
    () => ({ user_id: the.ann, tool_id: the.tool, limit: 5 }),
    { user_id: id, tool_id: [...bad.ids, null], ...paged },
  ),
  toolResult: one('id', () => the.result, id, data.toolResult),
  beginGameSession: of(data.beginGameSession, () => ({ user_id: the.ann, game_id: the.game }), {
    user_id: id,
    game_id: id,
  }),
  endGameSession: of(
    data.endGameSession,
    () => ({ id: the.session, user_id: the.ann, score: -5, completed: true }),
    { id, user_id: id, score: [...bad.numbers, null], completed: required(bad.flags) },
  ),
  gameSessionsOf: of(
    (on, { limit, cursor, ...whose }) => data.gameSessionsOf(on, whose as never, { limit, cursor }),
    () => ({ user_id: the.ann, game_id: the.game, limit: 5 }),
    { user_id: id, game_id: [...bad.ids, null], ...paged },
  ),
  addAvatar: of(
    data.addAvatar,
    () => ({ user_id: the.ann, name: 'n', appearance: { hair: 'red' }, is_active: false }),
    {
      user_id: id,
      name: path(100),
      appearance: [...bad.documents, undefined],
      is_active: [...bad.flags, null],
    },
  ),
  avatarsOf: of(
    (on, { limit, cursor, ...whose }) => data.avatarsOf(on, whose as never, { limit, cursor }),
    () => ({ user_id: the.ann, is_active: true, limit: 5 }),
    { user_id: id, is_active: [...bad.flags, null], ...paged },
  ),
  addSpace: of(
    data.addSpace,
    () => ({
      owner_id: the.ann,
      name: 'n',
      type: 'room',
      capacity: 0,
      is_public: false,
      coordinates: { x: 1 },
      metadata: {},
    }),
    {
      owner_id: id,
      name: path(200),
      type: path(50),
      capacity: [...bad.numbers, -1, null],
      is_public: [...bad.flags, null],
      coordinates: bad.documents,
      metadata: bad.documents,
    },
  ),
  spacesFor: listOf('user_id', () => the.ann, [...bad.ids, undefined], data.spacesFor),
  enterSpace: of(
    data.enterSpace,
    () => ({ avatar_id: the.avatar, space_id: the.space, user_id: the.ann }),
    { avatar_id: id, space_id: id, user_id: id },
  ),
  leaveSpace: one('avatar_id', () => the.avatar, id, data.leaveSpace),
  countPresent: one('space_id', () => the.space, id, data.countPresent),
  visitsOf: listOf('avatar_id', () => the.avatar, id, data.visitsOf),
  registerResponder: of(
    data.registerResponder,
    () => ({ user_id: the.bob, role: 'police', agency: 'a', verification_doc_url: 'x' }),
    {
      user_id: id,
      role: required(bad.words),
      agency: [...bad.texts(200), null],
      verification_doc_url: [...bad.texts(2_000), null],
    },
  ),
  setResponderVerified: of(
    data.setResponderVerified,
    () => ({ id: the.responder, verified: true }),
    { id, verified: required(bad.flags) },
  ),
  respondersOf: one('user_id', () => the.ann, id, data.respondersOf),
  withdrawResponder: of(data.withdrawResponder, () => ({ id: the.responder, user_id: the.ann }), {
    id,
    user_id: id,
  }),
  asUser: {
    alone: true,
    good: () => ({ sub: the.ann, role: 'authenticated' }),
    call: (on, claims) => data.asUser(on, claims as never, async () => 1),
    bad: { sub: id, role: [...bad.words, 'service_role', 'postgres', null] },
  },
};
