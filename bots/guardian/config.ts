/** The settings of the bot `guardian`. */
import { z } from '../../src/bot.ts';

const minutes = (otherwise: number, meaning: string) =>
  z.number().positive().max(43_200).default(otherwise).describe(meaning);
const days = (otherwise: number, meaning: string) =>
  z.number().positive().max(365).default(otherwise).describe(meaning);

/**
 * Means of payment that are confirmed after days (docs.stripe.com/payments/payment-methods: delayed notification), and
 * PayPal's eCheck.
 */
const slowMethods = [
  'acss_debit',
  'au_becs_debit',
  'bacs_debit',
  'bank_transfer',
  'boleto',
  'customer_balance',
  'echeck',
  'konbini',
  'multibanco',
  'nz_bank_account',
  'oxxo',
  'sepa_credit_transfer',
  'sepa_debit',
  'us_bank_account',
];

/** Only an address of a server: the paths are Stripe's. */
const isServer = (text: string): boolean => {
  if (!/^https?:\/\/[^/?#@\s]+$/.test(text) || !URL.canParse(text)) return false;
  return new URL(text).pathname === '/';
};

export const config = z.strictObject({
  pending_minutes: minutes(30, 'a payment may be pending for so many minutes'),
  // SEPA direct debits are confirmed within 14 business days (docs.stripe.com/payments/sepa-debit).
  slow_pending_days: days(
    20,
    'a payment that its provider confirms after days may be pending for so many days',
  ),
  slow_methods: z
    .array(z.string().min(1).max(60))
    .max(50)
    .default(slowMethods)
    .describe('means of payment that the provider confirms after days, as payments name them'),
  window_minutes: minutes(60, 'how many minutes of payments the share of failed ones counts'),
  max_failed_percent: z
    .number()
    .min(0)
    .max(100)
    .default(10)
    .describe('up to this share of users whose payments all failed, a provider is no finding'),
  min_failed_users: z
    .int()
    .min(1)
    .max(2_147_483_647)
    .default(5)
    .describe('with fewer users whose payments all failed, a provider is no finding'),
  // Providers' webhooks come within seconds; a delivery that failed is repeated after minutes (docs.stripe.com/webhooks).
  grace_minutes: minutes(
    10,
    'so long what belongs to a payment may be on its way: its credits, a debit, an edit of the profile',
  ),
  lookback_days: days(7, 'how many days of settled payments are compared with their credits'),
  purchases_grant_credits: z
    .boolean()
    .default(true)
    .describe('whether a paid purchase that names no credits is a finding'),
  // Stripe finalises the invoice of a renewal about an hour after the period's end (docs.stripe.com/billing/invoices).
  period_grace_hours: z
    .number()
    .min(0)
    .max(8_760)
    .default(24)
    .describe('so many hours after its period a subscription may still wait for its renewal'),
  // Failed renewals are retried for two weeks, a month at most unless set otherwise (docs.stripe.com/billing/revenue-recovery).
  past_due_days: days(30, 'so many days after its period a subscription may be past_due'),
  test_mode: z
    .boolean()
    .default(false)
    .describe('whether payments of the test mode of a provider are looked at, too'),
  stripe_api: z
    .string()
    .max(200)
    .refine(isServer, 'has to be an http or https address without a path, a user or a password')
    .default('https://api.stripe.com')
    .describe(
      'where Stripe answers; another server, such as a proxy, has to stand in the setting http_hosts with its port',
    ),
  stripe_days: z
    .number()
    .positive()
    // Stripe keeps events for 30 days (docs.stripe.com/api/events).
    .max(29)
    .default(3)
    .describe("how many days of Stripe's events the first comparison reads; later ones read on"),
  stripe_grace_minutes: minutes(
    15,
    'so long an event of Stripe may be on its way to the platform before it counts as missed',
  ),
  max_findings: z
    .int()
    .min(1)
    .max(500)
    .default(50)
    .describe('findings that one check reports at most'),
});
export type Config = z.infer<typeof config>;
