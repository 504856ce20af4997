import type { Transaction } from 'kysely';
import { underFence, type Fenced } from '../data/bots/fence.ts';
import type { Database } from '../database/connect.ts';
import { faultBehind } from '../database/faults/fault-behind.ts';
import { retryFaults } from '../database/faults/retry-faults.ts';
import type { HealContext } from './heal-context.ts';

/**
 * Tried again where another transaction won or held a row for too long. Where a connection was lost it may have been
 * committed: then the run fails, and its next attempt takes up what it finds.
 */
export const whileContended = <Result>(
  healing: HealContext,
  run: Fenced,
  write: (trx: Transaction<Database>) => Promise<Result>,
): Promise<Result> =>
  retryFaults(
    healing,
    () => underFence(healing.db, run, write),
    (error) => ['conflict', 'timeout'].includes(faultBehind(error) ?? ''),
  );
