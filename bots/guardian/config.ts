/** The settings of the bot `guardian`. */
import { z } from '../../src/bot.ts';
import { count, maxFindings, percent, time } from '../parts/settings.ts';

/** A month in minutes. */
const maxMinutes = 43_200;

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
  // Stripe sends the event of a card payment within seconds, and one that failed again within the hour (docs.stripe.com/webhooks).
  pending_minutes: time(30, 'how many minutes a payment may be pending', maxMinutes),
  // SEPA direct debits are confirmed within 14 business days (docs.stripe.com/payments/sepa-debit).
  slow_pending_days: time(
    20,
    'how many days a payment may be pending if its provider confirms it after days',
    365,
  ),
  slow_methods: z
    .array(z.string().min(1).max(60))
    .max(50)
    .default(slowMethods)
    .describe('means of payment that the provider confirms after days, as payments name them'),
  // Long enough that a small platform, too, can have as many users as min_failed_users.
  window_minutes: time(60, 'over how many minutes failed payments are counted', maxMinutes),
  // Our choice: some cards are always declined, but not those of a tenth of all users.
  max_failed_percent: percent(
    10,
    'a provider is reported when more than this percentage of its users, and at least min_failed_users, had only failed payments',
  ),
  // Our choice: the cards of fewer users may all be declined by chance.
  min_failed_users: count(
    5,
    'of how many users of a provider, at least, all payments have to fail before it is reported',
  ),
  // Providers' webhooks come within seconds; a delivery that failed is repeated after minutes (docs.stripe.com/webhooks).
  grace_minutes: time(
    10,
    'how many minutes after a payment its credits, its debit or the edit of the profile may follow, and after the grace of a subscription its end',
    maxMinutes,
  ),
  // Stripe repeats an event that failed for three days (docs.stripe.com/webhooks); a week has room for a weekend.
  lookback_days: time(7, 'how many days of settled payments are compared with their credits', 365),
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
    .describe('how many hours after the end of its period a subscription may wait for its renewal'),
  // Failed renewals are retried for two weeks, a month at most unless set otherwise (docs.stripe.com/billing/revenue-recovery).
  past_due_days: time(
    30,
    'how many days after the end of its period a subscription may be past_due',
    365,
  ),
  test_mode: z
    .boolean()
    .default(false)
    .describe("whether payments of a provider's test mode are examined, too"),
  stripe_api: z
    .string()
    .max(200)
    .refine(isServer, 'has to be an http or https address without a path, a user or a password')
    .default('https://api.stripe.com')
    .describe(
      'the address of the Stripe API; http_hosts of the engine has to name another server, such as a proxy, with its port',
    ),
  stripe_days: z
    .number()
    .positive()
    // Stripe keeps events for 30 days (docs.stripe.com/api/events).
    .max(29)
    // Stripe repeats an event that failed for three days: what is older was missed for good.
    .default(3)
    .describe(
      "how many days of Stripe's events the first comparison reads; later ones continue from there",
    ),
  // As grace_minutes, with five minutes for the first repeats of a delivery.
  stripe_grace_minutes: time(
    15,
    'how many minutes after an event of Stripe the platform may record it',
    maxMinutes,
  ),
  max_findings: maxFindings(),
});
export type Config = z.infer<typeof config>;
