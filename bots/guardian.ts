/** Compares payments with the credits that they give, subscriptions with profiles, and all of them with Stripe. It moves no money. */
import { defineBot } from '../src/bot.ts';
import { config } from './guardian/config.ts';
import { findDoubled } from './guardian/double-grants.ts';
import { findFailed } from './guardian/failed.ts';
import { knowledge } from './guardian/knowledge.ts';
import { findUngranted } from './guardian/missing-grants.ts';
import { findPending } from './guardian/pending.ts';
import { findUndebited } from './guardian/refunds.ts';
import { compareWithStripe } from './guardian/stripe.ts';
import { findDiffering, findOutlived } from './guardian/subscriptions.ts';

export const guardian = defineBot({
  name: 'guardian',
  displayName: 'Guardian of payments',
  description:
    'Compares payments with their credits, subscriptions with profiles, and payments with Stripe.',
  schedule: '*/5 * * * *',
  // Stripe may be slow, and may limit requests, which are then sent again.
  timeoutSeconds: 240,
  needs: ['profiles', 'transactions', 'credits', 'subscriptions'],
  secrets: ['STRIPE_KEY'],
  config,
  checks: [
    {
      name: 'pending-payments',
      title: 'Does no payment stay pending for too long?',
      run: findPending,
    },
    {
      name: 'failed-payments',
      title: 'Do the payments of most users succeed?',
      events: true,
      windowSeconds: ({ window_minutes }) => window_minutes * 60,
      run: findFailed,
    },
    {
      name: 'completed-without-credits',
      title: 'Has every completed payment given its credits?',
      run: findUngranted,
    },
    {
      name: 'granted-twice',
      title: 'Has every payment given its credits once?',
      run: findDoubled,
    },
    {
      name: 'refunds-without-debit',
      title: 'Were the credits of every refund taken back?',
      run: findUndebited,
    },
    {
      name: 'past-period',
      title: 'Is every subscription within its period?',
      run: findOutlived,
    },
    {
      name: 'profile-disagrees',
      title: 'Do profiles say what their subscriptions say?',
      run: findDiffering,
    },
    {
      name: 'stripe-payments',
      looksOutside: true,
      title: 'Does the platform have every payment as Stripe has it?',
      remembers: true,
      run: compareWithStripe,
    },
  ],
  knowledge,
});
