/** What a person does about each kind of finding of `guardian`: money is moved by people alone. */
import type { KnowledgeSeed } from '../../src/bot.ts';
import { adviceOn } from '../parts/advice.ts';
import { anyUser } from '../parts/people.ts';
import { anyId } from './name-payment.ts';

const advice = adviceOn('payments');
/** Titles of earlier versions have our own id, and no amount. */
const payment = `${anyId}( of .{1,40})?`;

export const knowledge: KnowledgeSeed[] = [
  advice(
    'pending',
    `^payment ${payment} at \\w+ has been pending`,
    'Look the payment up at the provider by its provider_transaction_id. If it succeeded or failed there, send its event again ' +
      '(at Stripe: Developers, Events, Resend), and find out why the webhook did not arrive. If the customer left the checkout, set ' +
      'the payment to failed. If its means of payment takes days, add its name to slow_methods of guardian.',
  ),
  advice(
    'failed',
    '^payments of \\d+ of \\d+ users at',
    "Read the provider's status page, and the decline codes of the newest failed payments at the provider. One code for all of " +
      'them is a fault of the integration: a changed key, a new version of the checkout, a currency. Many codes from few addresses ' +
      'are card testing: switch on rate limits and CAPTCHA of the checkout.',
  ),
  advice(
    'without-credits',
    `^payment ${payment} is completed, and (no credits were|\\d+ of)`,
    'Compare the payment with the provider first. If the money is there, book what is missing once: engine.book_credits with the ' +
      "key 'payment:' and the payment's id, so that it cannot be booked again. Then find out which code or restore wrote the row " +
      'without the triggers of transactions.',
  ),
  advice(
    'granted-twice',
    `^payment ${payment} gave \\d+ credits in`,
    'A payment that is set to completed books its credits itself: remove the code that books them as well. Correct the ledger with ' +
      'a booking of type refund below zero whose metadata names the payment as transaction_id; never change a booking. Ask the ' +
      'customer first where the credits were spent.',
  ),
  advice(
    'refund-without-debit',
    `^refund ${payment} paid money back`,
    'Compare the refund with the provider. If all was paid back, set the payment to refunded with refundPayment, which takes the ' +
      "credits that are left; if it is refunded already, book the debit with the key 'refund:' and the payment's id. If a part was " +
      'paid back on purpose and the credits stay, name the part as transaction_id in the metadata of the refund.',
  ),
  advice(
    'past-period',
    `^subscription ${anyId} is (active|past_due), and its period ended`,
    'Look the subscription up at the provider. If it was renewed there, send the event of the renewal again; if it ended, record ' +
      'its end with recordSubscription. If there are many, events of subscriptions do not arrive: see its webhook.',
  ),
  advice(
    'profile-disagrees',
    `^profile ${anyUser} is .{1,60}, and its subscription is`,
    'Look the subscription up at the provider, correct the row of subscriptions if that is wrong, and set subscription_status, ' +
      'subscription_tier and subscription_id of the profile to what it says. A profile that is given a tier for free has no ' +
      'subscription_id.',
  ),
  advice(
    'stripe-key',
    '^payments are not compared with stripe:',
    'Make a restricted key at Stripe (Developers, API keys) that may read events, payment intents, charges, checkout sessions and ' +
      'invoices, and nothing else. Store it with `npx roundsman secrets set STRIPE_KEY`.',
  ),
  advice(
    'stripe-none-known',
    '^stripe has \\d+ new payments, and the platform has none',
    'Look at the deliveries of the webhook at Stripe (Developers, Webhooks): its address, its signing secret, its last answers. ' +
      'If they succeed, compare provider_transaction_id of a payment with its ids at Stripe.',
  ),
  advice(
    'stripe-missed',
    "^stripe's payment \\w+ (of .{1,80} is not on the platform|is paid, and)",
    "Send the payment's event again (at Stripe: Developers, Events, Resend), which records it and gives its credits. If it fails " +
      "again, read the answer of the platform's webhook there, and its error_logs of that minute.",
  ),
  advice(
    'stripe-differs',
    `^(stripe's payment \\w+ is (refunded|\\d)|payment ${payment} is (\\d|refunded, and paid))`,
    'Stripe is right about the money. If it was refunded there, record the refund with refundPayment. If it was refunded on the platform alone, pay it back at Stripe. If the amount or the currency ' +
      'differs, find out what wrote the row: a price that the browser sent, or an amount that was converted.',
  ),
  advice(
    'stripe-unknown',
    `^payment ${payment} is (completed|refunded), and (stripe does not know it|[a-z_]{1,40} at stripe)`,
    'It was not paid for at this account of Stripe. Find out what wrote the row: a webhook whose signature is not checked, a test, ' +
      "a person, or another account. Close that way first; then look at the customer's history, and decide about the credits.",
  ),
];
