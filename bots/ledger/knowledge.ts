/** What is done about each kind of finding of `ledger`: a cache is refreshed, the ledger itself is corrected by people. */
import type { KnowledgeSeed } from '../../src/bot.ts';
import { anyUser } from '../parts/people.ts';

export const knowledge: KnowledgeSeed[] = [
  {
    name: 'ledger.cached-credits',
    category: 'ledger',
    // Anchored: titles also contain requested paths, which may contain any words.
    pattern: '^cached credits differ from the ledger',
    solution: 'steps:\n  - remedy: ledger.refresh-cached-credits\n',
    autonomy: 'auto',
  },
  {
    name: 'ledger.broken-balance-chain',
    category: 'ledger',
    pattern: '^balance chain of user',
    solution:
      'Do not edit the ledger. Read the rows of this user by seq and find the first one whose ' +
      'balance_after is not the one before it plus its amount; compare that time with payments, ' +
      'restores and deployments. Correct it with a new row that says why, never by changing one.',
    autonomy: 'suggest',
  },
  {
    name: 'ledger.negative-balance',
    category: 'ledger',
    pattern: `^balance of user ${anyUser} is negative`,
    solution:
      'Read the rows of this user by seq and find the first balance below zero: it was booked without the triggers of credits, or ' +
      'before these existed. Agree with the user how to settle it, and correct the balance with a new row that says why.',
    autonomy: 'suggest',
  },
  {
    name: 'ledger.usage-without-debit',
    category: 'ledger',
    pattern: '^use ([0-9a-f-]{36} )?of .+ for \\d+ credits? was not debited',
    solution:
      'Read error_logs of that minute: the debit failed, or the app does not book. Book it with bookCredits, type usage, and ' +
      'usage_id in its metadata, so that this use counts as paid. If members of an organization pay in another way, set its plan to another one than free.',
    autonomy: 'suggest',
  },
  {
    name: 'ledger.granted-twice',
    category: 'ledger',
    pattern: '^one payment gave credits \\d+ times',
    solution:
      'Find out which event or code booked again, and let it book under one key per payment (idempotency_key). Correct the ledger ' +
      'with a booking of type refund below zero whose metadata names the same provider_transaction_id; never change a booking.',
    autonomy: 'suggest',
  },
  {
    name: 'ledger.negative-pool',
    category: 'ledger',
    pattern: `^the pool of organization [0-9a-f-]{8,36}( of \\S{1,80})? is below zero`,
    solution:
      'Look for code that reads credits_pool and writes it back later: let it subtract in one UPDATE with the condition that the ' +
      'pool is high enough. Ask the organization to fill its pool, and set credits_pool to the sum of its bookings.',
    autonomy: 'suggest',
  },
];
