/**
 * Takes Stripe's events of the last days as the truth, and compares the platform's payments with them. Each run reads the events
 * that are new; payments of open findings are compared again.
 */
import { sql, z } from '../../src/bot.ts';
import type { CheckContext, CheckResult, ReportedFinding } from '../../src/bot.ts';
import { daysBefore, minuteMs, minutesBefore } from '../parts/time.ts';
import type { Config } from './config.ts';
import { openStripe, StripeRequestError, type StripeClient } from './stripe-client.ts';
import { finding, problemOf, readRecorded } from './stripe-compare.ts';
import { joinPayments, type StripePayment } from './stripe-events.ts';
import { figuresOf } from './stripe-figures.ts';
import { readNew } from './stripe-read.ts';
import { withTwins } from './stripe-twins.ts';
import { findUnknown, type Place } from './stripe-unknown.ts';

/** If the platform has none of at least this many payments, it writes other ids than Stripe, or gets no events. */
const minForNone = 10;
const secretKey = 'STRIPE_KEY';
const noneKey = 'no payment known';

/** The milliseconds of a time as the database writes it: `2026-11-30 12:00:00.123456+00`. */
const timeOf = (text: string): number =>
  Date.parse(text.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00'));

const memory = z.object({
  read_to: z.iso.datetime(),
  place: z.object({
    at: z
      .string()
      .max(50)
      .refine((text) => Number.isFinite(timeOf(text))),
    id: z.guid(),
  }),
  /** how long the last part was that had few enough events */
  part_ms: z.number().positive().optional(),
});

const reportedPayment = z.object({
  ids: z.array(z.string()).min(1),
  sums: z.array(z.object({ amount: z.number(), currency: z.string() })),
  returned: z.array(z.string()),
  refunded: z.boolean(),
  at: z.number(),
  event_id: z.string(),
});

export async function compareWithStripe(
  config: Config,
  context: CheckContext,
): Promise<CheckResult> {
  const key = context.secret('STRIPE_KEY').trim();
  const isTest = /^[rs]k_test_/.test(key);
  if (!/^[rs]k_[A-Za-z0-9_]+$/.test(key))
    return keyFinding('it is no secret or restricted key of Stripe, which begin with sk_ or rk_');
  if (isTest && !config.test_mode)
    context.skip(
      'STRIPE_KEY is a key of the test mode, whose payments are not looked at; store a key of the live mode with ' +
        '`npx roundsman secrets set STRIPE_KEY`, or set test_mode of this bot to true',
    );
  try {
    return await compare(config, context, await openStripe(key, config, context));
  } catch (error) {
    if (!(error instanceof StripeRequestError)) throw error;
    if (error.kind === 'busy') context.skip(`${error.message}; the next run tries again`);
    if (error.kind === 'key')
      return keyFinding('Stripe refuses it (401): it was revoked or rolled');
    if (error.kind === 'forbidden') return keyFinding('it may not read events (403)');
    throw error;
  }
}

/** The key's own text appears nowhere. */
const keyFinding = (why: string): CheckResult => ({
  examined: [secretKey],
  findings: [
    {
      severity: 'high',
      category: 'payments',
      title: `Payments are not compared with Stripe: ${why}`.slice(0, 200),
      description:
        'The secret STRIPE_KEY cannot be used. Make a restricted key at Stripe that may read events, payment intents, charges, ' +
        'checkout sessions and invoices, and store it with `npx roundsman secrets set STRIPE_KEY`.',
      component: 'stripe',
      key: secretKey,
    },
  ],
});

/** The payments in the open findings of this check, as they were reported. */
async function readReported({ db }: CheckContext): Promise<StripePayment[]> {
  const { rows } = await sql<{ metadata: unknown }>`
    SELECT metadata -> 'payment' AS metadata FROM bot_findings
    WHERE resolved_at IS NULL AND category = 'payments' AND check_name = 'stripe-payments' AND metadata ? 'payment'
    LIMIT 1000`.execute(db);
  return rows.flatMap(({ metadata }) => reportedPayment.safeParse(metadata).data ?? []);
}

async function compare(
  config: Config,
  context: CheckContext,
  client: StripeClient,
): Promise<CheckResult> {
  const { now, remembered } = context;
  const until = minutesBefore(now, config.stripe_grace_minutes);
  const first = daysBefore(now, config.stripe_days);
  const known = memory.safeParse(remembered).data;
  // Stripe no longer has older events.
  const oldest = daysBefore(now, 29);
  const last = known ? new Date(Math.max(Date.parse(known.read_to), oldest.getTime())) : first;
  const from = last < until ? last : until;
  // A place after now was written before the clock was set back. Payments that are settled from now on would lie before it.
  const isAhead = known !== undefined && timeOf(known.place.at) > until.getTime();
  const begin = isAhead ? until : first;
  const place: Place = known && !isAhead ? known.place : { at: begin.toISOString(), id: noId };

  const wholeMs = Math.max(until.getTime() - from.getTime(), minuteMs);
  const partMs = Math.max(minuteMs, Math.min(known?.part_ms ?? wholeMs, wholeMs));
  const read = await readNew(client, [from, until, partMs], config, context);
  const seen = joinPayments([...(await readReported(context)), ...read.payments]);
  const rows = await readRecorded(
    context,
    seen.flatMap(({ ids }) => ids),
  );
  const { payments: all, unasked } = await withTwins(client, seen, (id) => rows.has(id));
  const payments = all.filter(({ ids }) => !ids.some((id) => unasked.has(id)));
  const named = new Set(payments.flatMap(({ ids }) => ids));
  const wrong = payments.flatMap((payment) => {
    const problem = problemOf(payment, rows);
    return problem ? [{ payment, ...problem }] : [];
  });
  const refunded = new Set(payments.flatMap((payment) => (payment.refunded ? payment.ids : [])));
  const needingRows = payments.filter(({ sums, refunded }) => sums.length > 0 && !refunded);
  const missed = wrong.filter(({ kind }) => kind === 'missed');
  const isNone = needingRows.length >= minForNone && missed.length === needingRows.length;
  const unknown = isNone
    ? { findings: [], examined: [], asked: 0, unasked: 0, place }
    : await findUnknown(config, context, client, { place, until: read.readTo, named, refunded });

  const findings: ReportedFinding[] = isNone
    ? [noneKnown(needingRows)]
    : [
        ...wrong.map(({ kind, title, payment, transaction }) =>
          finding(kind, payment.ids[0]!, title, {
            payment,
            ...(transaction && { transaction_id: transaction.id }),
          }),
        ),
        ...unknown.findings,
      ];
  const isCut = findings.length > config.max_findings;
  return {
    examined: [secretKey, noneKey, ...(isNone ? [] : [...named, ...unknown.examined])],
    findings: findings.slice(0, config.max_findings),
    figures: figuresOf(read, {
      payments: payments.length,
      allMissing: isNone ? needingRows.length : null,
      findings,
      unknown: { ...unknown, unasked: unknown.unasked + unasked.size },
      until,
    }),
    truncated: isCut,
    // The next run reads again what this one did not report.
    remember: {
      ...(isCut || isNone
        ? { read_to: from.toISOString(), place }
        : { read_to: read.readTo.toISOString(), place: unknown.place }),
      part_ms: read.partMs,
    },
  };
}

const noId = '00000000-0000-0000-0000-000000000000';

const noneKnown = (payments: StripePayment[]): ReportedFinding => ({
  severity: 'critical',
  category: 'payments',
  title: `Stripe has ${payments.length} new payments, and the platform has none of them`,
  description:
    'Either no event of Stripe reaches the platform, or the platform writes other ids into provider_transaction_id than those of payment ' +
    'intents, charges, checkout sessions and invoices.',
  component: 'stripe',
  key: noneKey,
  metadata: { payments: payments.length, sample: payments.slice(0, 20).map(({ ids }) => ids[0]) },
});
