/** guardian beside a server that answers as Stripe does: pages, limits, refusals. */
import type { ServerResponse } from 'node:http';
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { guardian } from '../../bots/guardian.ts';
import { SkippedCheck } from '../../src/bot.ts';
import type { CheckResult } from '../../src/bot.ts';
import { addUnbookedPayment, addPayment } from '../../src/demo/faults/money-rows.ts';
import { addUser } from '../../src/demo/faults/users.ts';
import { insertBot, insertFinding } from '../cli/rows.ts';
import { behindGuards } from '../support/behind-guards.ts';
import { runCheck } from '../support/check.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import {
  charge,
  refuse,
  serveStripe,
  type StripeEvent,
  type StripeObject,
} from './stripe-server.ts';

let db: TestDatabase['db'];
let user: string;
beforeAll(async () => {
  ({ db } = await testDatabase());
});
beforeEach(async () => {
  await behindGuards(db, async (trx) => {
    await sql`DELETE FROM transactions`.execute(trx);
    await sql`DELETE FROM credits`.execute(trx);
  });
  await sql`TRUNCATE bots CASCADE`.execute(db);
  user = await addUser(db);
});

const now = new Date('2026-03-10T12:00:00Z');
const stripe = (events: StripeEvent[] = [], objects: StripeObject[] = []) =>
  serveStripe(db, events, objects);
const minutesAgo = (minutes: number) => new Date(now.getTime() - minutes * 60_000);
const key = 'rk_live_4711abcdef';

let nextEvent = 0;
const event = (
  type: string,
  minutes: number,
  object: StripeObject,
  livemode = true,
): StripeEvent => ({
  id: `evt_${++nextEvent}`,
  type,
  created: Math.floor(minutesAgo(minutes).getTime() / 1_000),
  livemode,
  data: { object },
});

const succeeded = (pi: string, minutes: number, amount = 1_000, more: object = {}) =>
  event('charge.succeeded', minutes, charge(pi, amount, more));

const compare = (
  url: string,
  { remembered = null, config = {}, secret = key, at = now }: Partial<Asked> = {},
) =>
  runCheck(
    guardian,
    'stripe-payments',
    db,
    { stripe_api: url, ...config },
    {
      now: at,
      remembered,
      secrets: { STRIPE_KEY: secret },
    },
  );
interface Asked {
  remembered: unknown;
  config: Record<string, unknown>;
  secret: string;
  at: Date;
}

const titles = ({ findings }: CheckResult) => findings.map(({ title }) => title).toSorted();
const figure = ({ figures }: CheckResult, name: string) =>
  figures?.find((each) => each.name === name)?.value;

/** A row of the platform for a payment at Stripe. */
const row = (provider_transaction_id: string, minutes: number, more: object = {}) =>
  addPayment(db, minutesAgo(minutes), { user_id: user, provider_transaction_id, ...more });

/** Stores findings as the engine does. */
async function store({ findings }: CheckResult): Promise<void> {
  const bot = await insertBot(db, `guardian-${randomUUID().slice(0, 8)}`);
  for (const { title, key: component_key, metadata } of findings)
    await insertFinding(db, bot, title, {
      category: 'payments',
      check_name: 'stripe-payments',
      component_key: component_key!,
      metadata: JSON.stringify(metadata),
    });
}

test('payments that the platform has are no finding, under whichever id it knows them', async () => {
  const { state, url } = await stripe([
    succeeded('pi_intent', 60),
    succeeded('pi_charge', 61),
    succeeded('pi_session', 62),
    event('checkout.session.completed', 62, {
      id: 'cs_live_1',
      object: 'checkout.session',
      payment_status: 'paid',
      payment_intent: 'pi_session',
      amount_total: 1_000,
      currency: 'usd',
    }),
    succeeded('pi_invoice', 63),
    event('invoice_payment.paid', 63, {
      id: 'inpay_1',
      object: 'invoice_payment',
      invoice: 'in_1',
      payment: { type: 'payment_intent', payment_intent: 'pi_invoice' },
    }),
    // Nothing was paid, or not yet, or it belongs to a test.
    event('checkout.session.completed', 64, {
      id: 'cs_live_2',
      object: 'checkout.session',
      payment_status: 'unpaid',
      payment_intent: 'pi_sepa',
      amount_total: 1_000,
      currency: 'eur',
    }),
    event('invoice.paid', 65, {
      id: 'in_free',
      object: 'invoice',
      status: 'paid',
      amount_paid: 0,
      currency: 'usd',
    }),
    event('charge.succeeded', 66, charge('pi_test', 1_000), false),
    // On its way; the first one is read, because it may belong to an earlier payment.
    succeeded('pi_edge', 14),
    succeeded('pi_moment', 5),
  ]);
  for (const id of ['pi_intent', 'ch_charge', 'cs_live_1', 'in_1']) await row(id, 60);
  const result = await compare(url);
  expect(titles(result)).toEqual([]);
  expect(result.truncated).toBe(false);
  expect(figure(result, 'events of Stripe')).toBe(10);
  expect(figure(result, 'payments looked up at Stripe')).toBe(0);
  expect(result.examined).toEqual(expect.arrayContaining(['pi_intent', 'in_1', 'STRIPE_KEY']));
  const [headers] = state.headers;
  expect(headers).toMatchObject({ authorization: `Bearer ${key}`, 'user-agent': 'roundsman' });
  expect(headers).not.toHaveProperty('x-stripe-client-user-agent');
});

test('missed, behind, refunded and differing payments are findings with their ids', async () => {
  const { url } = await stripe([
    succeeded('pi_missed', 60, 2_500),
    succeeded('pi_pending', 60),
    succeeded('pi_failed', 60),
    event('charge.refunded', 50, charge('pi_refunded', 1_000, { refunded: true })),
    event('charge.refunded', 50, charge('pi_part', 1_000, { amount_refunded: 300 })),
    succeeded('pi_amount', 60, 1_001),
    succeeded('pi_currency', 60, 1_000, { currency: 'eur' }),
    succeeded('pi_yen', 60, 500, { currency: 'jpy' }),
    succeeded('pi_hundredths', 60, 500, { currency: 'jpy' }),
    succeeded('pi_dinar', 60, 35_200, { currency: 'kwd' }),
    succeeded('pi_fils', 60, 35_200, { currency: 'kwd' }),
    succeeded('pi_tenth', 60, 35_200, { currency: 'usd' }),
    succeeded('pi_no_yen', 60, 700, { currency: 'jpy' }),
    succeeded('pi_shilling', 60, 50_000, { currency: 'ugx' }),
    succeeded('pi_hundredth', 60, 500, { currency: 'ugx' }),
    succeeded('pi_no_fils', 60, 1_500, { currency: 'kwd' }),
    succeeded('pi_huge', 60, 99_999_999_999),
    event('charge.refunded', 50, charge('pi_gone', 1_000, { refunded: true })),
  ]);
  await row('pi_pending', 60, { status: 'pending' });
  await row('pi_failed', 60, { status: 'failed' });
  await row('pi_refunded', 60);
  await row('pi_part', 60);
  await row('pi_amount', 60);
  await row('pi_currency', 60);
  await row('pi_yen', 60, { amount_cents: 500, currency: 'JPY' });
  await row('pi_hundredths', 60, { amount_cents: 50_000, currency: 'JPY' });
  // Stripe counts dinars in thousandths.
  await row('pi_dinar', 60, { amount_cents: 3_520, currency: 'KWD' });
  await row('pi_fils', 60, { amount_cents: 35_200, currency: 'KWD' });
  await row('pi_tenth', 60, { amount_cents: 3_520 });
  await row('pi_no_yen', 60, { amount_cents: 500, currency: 'JPY' });
  // Stripe counts shillings in hundredths, although there are none.
  await row('pi_shilling', 60, { amount_cents: 50_000, currency: 'UGX' });
  await row('pi_hundredth', 60, { amount_cents: 50_000, currency: 'UGX' });
  await row('pi_huge', 60, { amount_cents: 2_147_483_647 });
  const result = await compare(url);
  expect(titles(result)).toEqual([
    "Stripe's payment pi_amount is 10.01 USD, and 10.00 USD on the platform",
    "Stripe's payment pi_currency is 10.00 EUR, and 10.00 USD on the platform",
    "Stripe's payment pi_failed is paid, and failed on the platform",
    "Stripe's payment pi_huge is 999999999.99 USD, and 21474836.47 USD on the platform",
    "Stripe's payment pi_hundredth is 5.00 UGX, and 500.00 UGX on the platform",
    "Stripe's payment pi_missed of 25.00 USD is not on the platform",
    "Stripe's payment pi_no_fils of 1.500 KWD is not on the platform",
    "Stripe's payment pi_no_yen is 700 JPY, and 500 in amount_cents (JPY) on the platform",
    "Stripe's payment pi_pending is paid, and pending on the platform",
    "Stripe's payment pi_refunded is refunded, and completed on the platform",
    "Stripe's payment pi_tenth is 352.00 USD, and 35.20 USD on the platform",
  ]);
  expect(result.findings.find(({ key: of }) => of === 'pi_missed')).toMatchObject({
    severity: 'critical',
    component: 'stripe',
    metadata: { kind: 'missed', payment: { ids: ['pi_missed', 'ch_missed'] } },
  });
  expect(figure(result, 'payments missing on the platform')).toBe(4);
  expect(JSON.stringify(result)).not.toContain(key);
});

test('what was paid twice and paid back once is paid', async () => {
  const paidBack = { invoice: 'in_twice', refunded: true, amount_refunded: 1_000 };
  const { url } = await stripe([
    succeeded('pi_first', 60, 1_000, { invoice: 'in_twice' }),
    succeeded('pi_second', 59, 1_000, { invoice: 'in_twice' }),
    event('charge.refunded', 50, charge('pi_second', 1_000, paidBack)),
    event('payment_intent.succeeded', 60, {
      id: 'pi_third',
      object: 'payment_intent',
      status: 'succeeded',
      amount_received: 1_000,
      currency: 'usd',
      invoice: 'in_both',
    }),
    event('charge.refunded', 50, charge('pi_fourth', 1_000, { ...paidBack, invoice: 'in_both' })),
    event('charge.refunded', 50, charge('pi_all', 1_000, { ...paidBack, invoice: 'in_all' })),
  ]);
  for (const invoice of ['in_twice', 'in_both', 'in_all']) await row(invoice, 60);
  const result = await compare(url);
  expect(titles(result)).toEqual([
    "Stripe's payment pi_all is refunded, and completed on the platform",
  ]);
  // Once the other one is paid back as well, nothing of it is left.
  const { url: later } = await stripe([
    event('charge.refunded', 5, charge('pi_first', 1_000, paidBack)),
  ]);
  const remembered = JSON.parse(JSON.stringify(result.remember));
  const at = new Date(now.getTime() + 3_600_000);
  await store(result);
  expect(titles(await compare(later, { remembered, at }))).toContain(
    "Stripe's payment pi_first is refunded, and completed on the platform",
  );
});

test('what was paid twice and is paid back once days later is paid, until the other one is paid back, too', async () => {
  const paidBack = { invoice: 'in_late', refunded: true, amount_refunded: 1_000 };
  const late = event('charge.refunded', 50, charge('pi_later', 1_000, paidBack));
  const payment = (pi: string) => ({
    id: `inpay_${pi}`,
    object: 'invoice_payment',
    invoice: 'in_late',
    status: 'paid',
    payment: { type: 'payment_intent', payment_intent: pi },
  });
  const intent = (more: object) => ({
    id: 'pi_earlier',
    object: 'payment_intent',
    status: 'succeeded',
    latest_charge: charge('pi_earlier', 1_000, more),
  });
  const both = [payment('pi_later'), payment('pi_earlier')];
  await row('in_late', 60);
  const { url } = await stripe([late], [...both, intent({})]);
  const first = await compare(url);
  expect([titles(first), first.examined]).toEqual([[], expect.arrayContaining(['in_late'])]);
  const { url: gone } = await stripe([late], [...both, intent({ refunded: true })]);
  expect(titles(await compare(gone))).toEqual([
    "Stripe's payment pi_earlier is refunded, and completed on the platform",
  ]);
  // A key that may not read invoices cannot tell.
  const { state, url: closed } = await stripe([late]);
  state.instead = [
    (answer) => answer.end(JSON.stringify({ object: 'list', data: [late], has_more: false })),
    refuse(403, { type: 'invalid_request_error' }),
    refuse(403, { type: 'invalid_request_error' }),
  ];
  const unknown = await compare(closed);
  expect([titles(unknown), figure(unknown, 'payments that could not be looked up')]).toEqual([
    [],
    2,
  ]);
  expect(unknown.examined).not.toContain('pi_later');
});

test('a row of type refund is the refund', async () => {
  const { url } = await stripe([
    event('charge.refunded', 50, charge('pi_r', 1_000, { refunded: true })),
  ]);
  await row('pi_r', 60);
  await row('re_1', 49, { type: 'refund', amount_cents: -1_000, credits_granted: 0 });
  expect(titles(await compare(url))).toEqual([]);
});

test('completed payments that no event names are asked for by their id', async () => {
  const { state, url } = await stripe(
    [],
    [
      {
        id: 'pi_paid',
        object: 'payment_intent',
        status: 'succeeded',
        amount_received: 1_000,
        currency: 'usd',
      },
      {
        id: 'pi_open',
        object: 'payment_intent',
        status: 'requires_payment_method',
        currency: 'usd',
      },
      charge('pi_cheap', 1),
      { id: 'cs_free', object: 'checkout.session', payment_status: 'no_payment_required' },
    ],
  );
  await row('pi_paid', 60);
  await row('pi_open', 61);
  await row('ch_cheap', 62);
  await row('cs_free', 63, { amount_cents: 0 });
  await row('pi_gone', 64);
  await row('invented', 65);
  await row('pi_paypal', 65, { provider: 'paypal' });
  await row('pi_moment', 5);
  await row('pi_pending', 65, { status: 'pending' });
  const result = await compare(url);
  expect(titles(result)).toEqual(
    [
      'Payment pi_open of 10.00 USD is completed, and requires_payment_method at Stripe',
      'Payment ch_cheap is 10.00 USD, and 0.01 USD at Stripe',
      'Payment pi_gone of 10.00 USD is completed, and Stripe does not know it',
    ].toSorted(),
  );
  expect(figure(result, 'payments looked up at Stripe')).toBe(5);
  expect(figure(result, 'payments that could not be looked up')).toBe(1);
  // The next run asks only for what is open, and for what is new.
  await store(result);
  state.requests.length = 0;
  const again = await compare(url, { remembered: result.remember });
  expect(titles(again)).toEqual(titles(result));
  expect(state.requests.filter(({ pathname }) => pathname !== '/v1/events')).toHaveLength(3);
});

test('a refund of the platform is one at Stripe, in part at least, or a dispute', async () => {
  const intent = (id: string, more: object) => ({
    id,
    object: 'payment_intent',
    status: 'succeeded',
    latest_charge: charge(id, 1_000, more),
  });
  const { state, url } = await stripe(
    [
      succeeded('pi_kept', 60),
      event('charge.refunded', 50, charge('pi_event', 1_000, { refunded: true })),
    ],
    [
      intent('pi_kept', {}),
      intent('pi_part', { amount_refunded: 1 }),
      intent('pi_disputed', { disputed: true }),
      charge('pi_whole', 1_000, { refunded: true }),
      { id: 'cs_silent', object: 'checkout.session', payment_status: 'paid' },
    ],
  );
  await row('pi_kept', 60, { status: 'refunded' });
  for (const id of ['pi_event', 'pi_part', 'pi_disputed', 'ch_whole', 'cs_silent'])
    await row(id, 60, { status: 'refunded' });
  expect(titles(await compare(url))).toEqual([
    'Payment pi_kept of 10.00 USD is refunded, and paid and kept at Stripe',
  ]);
  expect(state.requests.filter(({ pathname }) => pathname !== '/v1/events')).toHaveLength(5);
});

test('a payment of the test mode is not unknown', async () => {
  const { state, url } = await stripe();
  const message = "No such payment_intent: 'pi_1'; a similar object exists in test mode";
  state.instead = [
    (answer) => answer.end(JSON.stringify({ object: 'list', data: [], has_more: false })),
    refuse(404, { code: 'resource_missing', message }),
  ];
  await row('pi_1', 60);
  expect(titles(await compare(url))).toEqual([]);
});

test('events are read once, page after page, and a problem stays until it is gone', async () => {
  const pis = Array.from({ length: 7 }, (_, i) => `pi_${i}`);
  const { state, url } = await stripe(pis.map((pi, i) => succeeded(pi, 100 + i)));
  state.pageSize = 3;
  for (const pi of pis.slice(1)) await row(pi, 100);
  const first = await compare(url);
  expect(titles(first)).toEqual(["Stripe's payment pi_0 of 10.00 USD is not on the platform"]);
  expect(state.requests.map((asked) => asked.searchParams.has('starting_after'))).toEqual([
    false,
    true,
    true,
  ]);
  expect(first.remember).toMatchObject({ read_to: minutesAgo(15).toISOString() });
  await store(first);
  // Later, without any new event.
  const later = new Date(now.getTime() + 5 * 60_000);
  const second = await compare(url, { remembered: first.remember, at: later });
  expect(titles(second)).toEqual(titles(first));
  expect(Number(state.requests.at(-1)!.searchParams.get('created[gte]'))).toBe(
    minutesAgo(17).getTime() / 1_000,
  );
  await row('ch_0', 100);
  const third = await compare(url, { remembered: second.remember, at: later });
  expect(titles(third)).toEqual([]);
  expect(third.examined).toContain('pi_0');
});

test('more events than fit are read in parts, and the next run goes on', async () => {
  // 3,600 payments in a day, of which a run reads 3,000 at most.
  const events = Array.from({ length: 3_600 }, (_, i) => succeeded(`pi_${i}`, 20 + i * 0.38));
  const { url } = await stripe(events);
  await behindGuards(db, (trx) =>
    sql`
      INSERT INTO transactions (user_id, provider, provider_transaction_id, type, amount_cents, status, created_at, updated_at)
      SELECT ${user}, 'stripe', 'pi_' || i, 'subscription', 1000, 'completed', at, at
      FROM generate_series(1, 3598) i, LATERAL (SELECT ${now}::timestamptz - make_interval(secs => 60 * (20 + i * 0.38)) AS at) t`.execute(
      trx,
    ),
  );
  const first = await compare(url, { config: { stripe_days: 1 } });
  expect(titles(first)).toEqual(["Stripe's payment pi_3599 of 10.00 USD is not on the platform"]);
  expect(figure(first, 'time not compared yet')).toBeGreaterThan(0);
  const second = await compare(url, { remembered: first.remember });
  expect(titles(second)).toEqual(["Stripe's payment pi_0 of 10.00 USD is not on the platform"]);
  expect(figure(second, 'time not compared yet')).toBe(0);
});

test('also where the smallest part that one run tries is too large, the next runs go on', async () => {
  // 1,300 events within ten minutes, of which three attempts of the first run read the newest thousand.
  const { url } = await stripe(
    Array.from({ length: 1_300 }, (_, i) => succeeded('pi_one', 4_000 + i / 130)),
  );
  await row('pi_one', 4_000);
  let remembered: unknown = null;
  for (let run = 0; run < 6; run++) {
    const result = await compare(url, { remembered });
    ({ remember: remembered } = result);
    expect(titles(result)).toEqual([]);
    if (run === 0) expect(figure(result, 'events of Stripe')).toBe(0);
    if (figure(result, 'time not compared yet') === 0) return;
  }
  expect.unreachable('the last run has not read all');
});

test('if no payment is known, one finding says so, and all are compared again', async () => {
  const events = Array.from({ length: 10 }, (_, i) => succeeded(`pi_${i}`, 60 + i));
  const { url } = await stripe(events);
  const none = await compare(url);
  expect(titles(none)).toEqual(['Stripe has 10 new payments, and the platform has none of them']);
  expect(none.examined).not.toContain('pi_0');
  expect(none.remember).toMatchObject({ read_to: minutesAgo(3 * 1_440).toISOString() });
  await row('pi_0', 60);
  const some = await compare(url);
  expect(some.findings).toHaveLength(9);
  expect(some.examined).toContain('no payment known');
});

test('what was cut is read again', async () => {
  const { url } = await stripe([
    succeeded('pi_a', 60),
    succeeded('pi_b', 60),
    succeeded('pi_c', 60),
  ]);
  await row('pi_c', 60);
  const cut = await compare(url, { config: { max_findings: 1 } });
  expect([cut.findings.length, cut.truncated]).toEqual([1, true]);
  expect(titles(await compare(url, { remembered: cut.remember }))).toHaveLength(2);
});

test('a limit of requests is waited for, and given up after a while', async () => {
  const { state, url } = await stripe([succeeded('pi_a', 60)]);
  const busy = refuse(
    429,
    { type: 'invalid_request_error', code: 'rate_limit' },
    { 'retry-after': '0' },
  );
  await row('pi_a', 60);
  state.instead = [busy, busy];
  expect(titles(await compare(url))).toEqual([]);
  expect(state.requests).toHaveLength(3);
  state.instead = Array.from({ length: 20 }, () => busy);
  await expect(compare(url)).rejects.toThrow(/limits requests \(429\); the next run/);
});

test('a revoked key is a finding that says what to do and not what the key is', async () => {
  const { state, url } = await stripe([succeeded('pi_a', 60)]);
  const message = `Invalid API Key provided: ${key}`;
  state.instead = [refuse(401, { type: 'invalid_request_error', message })];
  const refused = await compare(url);
  expect(refused).toMatchObject({
    examined: ['STRIPE_KEY'],
    findings: [{ severity: 'high', key: 'STRIPE_KEY' }],
  });
  expect(refused.findings[0]!.description).toContain('npx roundsman secrets set STRIPE_KEY');
  expect(JSON.stringify(refused)).not.toMatch(/4711|rk_live/);
  expect(refused.remember).toBeUndefined();
  state.instead = [refuse(403, { type: 'invalid_request_error' })];
  expect(titles(await compare(url))).toEqual([
    'Payments are not compared with Stripe: it may not read events (403)',
  ]);
  for (const secret of ['pk_live_1', 'no key', ''])
    expect(titles(await compare(url, { secret }))[0]).toContain(
      'it is no secret or restricted key',
    );
});

test('a key that reads events alone leaves the rest unasked', async () => {
  const { state, url } = await stripe();
  state.instead = [
    (answer) => answer.end(JSON.stringify({ object: 'list', data: [], has_more: false })),
    refuse(403, { type: 'invalid_request_error' }),
  ];
  await row('pi_1', 60);
  await row('pi_2', 61);
  const result = await compare(url);
  expect([titles(result), figure(result, 'payments that could not be looked up')]).toEqual([[], 2]);
});

test('without a key, or with one of the test mode, the check is skipped', async () => {
  await expect(runCheck(guardian, 'stripe-payments', db)).rejects.toThrow(SkippedCheck);
  const { state, url } = await stripe([succeeded('pi_a', 60)]);
  const secret = 'sk_test_1';
  await expect(compare(url, { secret })).rejects.toThrow(/secrets set STRIPE_KEY.*test_mode/);
  expect(state.requests).toEqual([]);
  state.events = [event('charge.succeeded', 60, charge('pi_t', 700), false)];
  expect(titles(await compare(url, { secret, config: { test_mode: true } }))).toEqual([
    "Stripe's payment pi_t of 7.00 USD is not on the platform",
  ]);
});

test('answers that are not of Stripe are errors or nothing, never a finding with foreign text', async () => {
  const { state, url } = await stripe();
  const hostile = [
    { id: 'evt_1', type: 'charge.succeeded', created: 'x', livemode: true, data: null },
    succeeded('pi_<b>', 60),
    succeeded('pi_ok', 60, Number.MAX_VALUE),
    event('charge.succeeded', 60, charge('pi_c', 5, { currency: '\u202eusd' })),
  ];
  state.instead = [
    (answer) => answer.end(JSON.stringify({ object: 'list', data: hostile, has_more: false })),
  ];
  expect(titles(await compare(url))).toEqual([]);
  state.instead = [(answer) => answer.end('<html>'), (answer) => answer.end('<html>')];
  await expect(compare(url)).rejects.toThrow(/could not be asked|answered/);
  state.instead = Array.from({ length: 4 }, () => refuse(500, { type: 'api_error' }));
  await expect(compare(url)).rejects.toThrow(/answered 500/);
});

test('the address is a server that may be asked', async () => {
  for (const stripe_api of ['ftp://a', 'https://a/v1', 'https://u:p@a', 'https://a?b', 'nothing'])
    expect(() => guardian.config.parse({ stripe_api })).toThrow(/http or https address/);
  // Addresses that no setting allows.
  await sql`DELETE FROM engine.settings WHERE key = 'http_hosts'`.execute(db);
  await expect(compare('http://127.0.0.1:9')).rejects.toThrow(/not among the allowed hosts/);
  await expect(compare('https://127.0.0.1:9')).rejects.toThrow(/is not public/);
});

test('a payment that was written past the triggers and that Stripe knows is no matter of this check', async () => {
  const { url } = await stripe([succeeded('pi_a', 60)]);
  await addUnbookedPayment(db, minutesAgo(60), { user_id: user, provider_transaction_id: 'pi_a' });
  expect(titles(await compare(url))).toEqual([]);
});

test('a memory of another form, or of a clock that was set back, begins anew', async () => {
  const { url } = await stripe([]);
  await row('pi_gone', 60);
  const unknown = async (remembered: unknown) => titles(await compare(url, { remembered }));
  const place = { at: minutesAgo(90).toISOString(), id: '11111111-1111-1111-1111-111111111111' };
  const read_to = minutesAgo(90).toISOString();
  for (const at of ['soon', '', '2026-99-99 12:00:00+00'])
    expect(await unknown({ read_to, place: { ...place, at } })).toHaveLength(1);
  expect(await unknown({ read_to, place })).toHaveLength(1);
  expect(await unknown({ read_to, place: { ...place, at: minutesAgo(30).toISOString() } })).toEqual(
    [],
  );
  const ahead = {
    read_to: minutesAgo(-900).toISOString(),
    place: { ...place, at: '2999-01-01 00:00:00+00' },
  };
  const { remember } = await compare(url, { remembered: ahead });
  const later = new Date(now.getTime() + 60 * 60_000);
  await row('pi_next', -30);
  expect(titles(await compare(url, { remembered: remember, at: later }))).toHaveLength(1);
});

test('a proxy that limits requests or fails in a form of its own is told as such', async () => {
  const { state, url } = await stripe([]);
  const page = (status: number) => (answer: ServerResponse) => {
    answer.writeHead(status, { 'content-type': 'text/html', 'retry-after': '0' });
    answer.end('<html>');
  };
  state.instead = Array.from({ length: 8 }, () => page(429));
  await expect(compare(url)).rejects.toThrow(/limits requests \(429\); the next run/);
  state.instead = Array.from({ length: 4 }, () => page(503));
  await expect(compare(url)).rejects.toThrow(`${url} answered 503`);
  state.instead = Array.from({ length: 4 }, () => page(302));
  await expect(compare(url)).rejects.toThrow(`${url} answered 302`);
});
